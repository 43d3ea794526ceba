"""Describe and log unexpected errors of callbacks."""

from __future__ import annotations

import re
from threading import Lock
import time
import traceback
from typing import Any

from fer_ros.perception.quoting import shortened

# A refusal names several values, each of at most QUOTED_LENGTH characters.
REASON_LENGTH = 500

# Search only this many characters of a message, because a log line shows far fewer.
MOST_CHARACTERS = 10_000

# Log the same error of the same callback at most once per this many seconds.
ERROR_PERIOD = 5.0


def described(error: Exception) -> str:
    """
    Describe an unexpected error in one line of limited length.

    :param error: of any type.
    :return: the error's type and message.
    """
    return f'{type(error).__name__}: {shortened(without_places(str(error)))}'


def without_places(text: str) -> str:
    """
    Remove the places in rcl's own source files that rcl adds to its error messages.

    :param text: the message of an error.
    :return: the message, or its beginning if it is very long.
    """
    return re.sub(r',? at /?\S{1,200}:\d+', '', text[:MOST_CHARACTERS])


class ErrorLog:
    """Logs the errors of callbacks, but not each repetition."""

    def __init__(self) -> None:
        self._lock = Lock()
        # By subject and type of error: when it was logged [s], and how often it came since then.
        # Subjects and types come from the code and not from messages, so their number is limited.
        self._logged: dict[tuple[str, str], tuple[float, int]] = {}

    def report(self, logger: Any, subject: str, error: Exception) -> None:
        """
        Log an error in one line, and its traceback at debug level.

        :param logger: of the node.
        :param subject: the callback that failed; the sentence begins with it.
        :param error: the error that the callback raised.
        """
        key = subject, type(error).__name__
        now = time.monotonic()
        with self._lock:
            last, repeated = self._logged.get(key, (-ERROR_PERIOD, 0))
            if now - last < ERROR_PERIOD:
                self._logged[key] = last, repeated + 1
                return
            self._logged[key] = now, 0
        times = f' ({repeated} more since the last such line)' if repeated else ''
        logger.error(f'{subject} failed: {described(error)}{times}')
        # The message of the error is left out, because it is text from outside.
        logger.debug('traceback:\n' + ''.join(traceback.format_tb(error.__traceback__)))
