"""Describe and log unexpected errors of callbacks."""

from __future__ import annotations

import re
from threading import Lock
import time
import traceback
from typing import Any

from fer_ros.perception.quoting import shortened

# An error message names several values, each of at most QUOTED_LENGTH characters.
REASON_LENGTH = 500

# Only this many characters of a message are searched, because a log line shows far fewer.
MOST_CHARACTERS = 10_000

# Log the same error of the same callback at most once per this many seconds.
ERROR_PERIOD = 5.0


def described(error: Exception) -> str:
    """
    Describe an unexpected error in one line of limited length.

    :param error: error of any type.
    :return: type and message of the error.
    """
    return f'{type(error).__name__}: {shortened(without_places(str(error)))}'


def without_places(text: str) -> str:
    """
    Remove the source locations that rcl adds to its error messages.

    :param text: message of an error.
    :return: the message, or its beginning if it is very long.
    """
    return re.sub(r',? at /?\S{1,200}:\d+', '', text[:MOST_CHARACTERS])


class ErrorLog:
    """Logs the errors of callbacks, but not each repetition."""

    def __init__(self) -> None:
        self._lock = Lock()
        # For each subject and type of error: the time of the last log line [s], and the number of
        # repetitions since then. Subjects and types are defined by the code and not by messages,
        # so their number is limited.
        self._logged: dict[tuple[str, str], tuple[float, int]] = {}

    def report(self, logger: Any, subject: str, error: Exception) -> None:
        """
        Log an error in one line, and its traceback at debug level.

        :param logger: logger of the node.
        :param subject: name of the callback that failed; the sentence begins with it.
        :param error: error that the callback raised.
        """
        key = subject, type(error).__name__
        now = time.monotonic()
        with self._lock:
            last, repeated = self._logged.get(key, (-ERROR_PERIOD, 0))
            if now - last < ERROR_PERIOD:
                self._logged[key] = last, repeated + 1
                return
            self._logged[key] = now, 0
        times = f' (repeated {repeated} times since the last report)' if repeated else ''
        logger.error(f'{subject} failed: {described(error)}{times}')
        # The traceback omits the error's message, because that text comes from outside.
        logger.debug('traceback:\n' + ''.join(traceback.format_tb(error.__traceback__)))
