"""End a process whose test hangs in native code, where Python runs no signal handler."""

from contextlib import contextmanager
import faulthandler
import os

import pytest

# Additional time before the process is ended, because pytest-timeout should fail a test that hangs
# in Python first [s].
MARGIN = 30.0


class Watchdog:
    """
    A pytest plugin that ends the process if a phase of a test takes far too long.

    pytest-timeout raises its error in a signal handler of Python. The handler never runs while
    native code holds the interpreter, for example in Fast DDS. The error is raised only once, so
    nothing limits the clean-up after it. This timer runs in a thread without Python: it prints the
    stacks of all threads and ends the process. Under pytest-xdist, a new process replaces the
    ended one, and only the test that hung is lost.

    :param limit: maximum time for each of a test's set-up, call and clean-up, and for the shutdown
        of Python [s].
    :param errors: file descriptor for the stacks; it must not be captured by pytest.
    """

    def __init__(self, limit, errors):
        self._limit = limit
        self._errors = os.dup(errors)

    @contextmanager
    def _armed(self):
        faulthandler.dump_traceback_later(self._limit, exit=True, file=self._errors)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item):
        with self._armed():
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item):
        with self._armed():
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item):
        with self._armed():
            yield

    def pytest_unconfigure(self, config):
        # The shutdown of Python also ends remaining threads and DDS, which may hang. A process of
        # pytest-xdist is excluded: it waits for the other processes, and is then killed.
        if not hasattr(config, 'workerinput'):
            faulthandler.dump_traceback_later(self._limit, exit=True, file=self._errors)
