"""Log the progress of a run on several processes, for a log that shows only complete lines."""

import pytest

# colcon reads lines of at most 64 KiB, and hangs after a longer line [characters].
LONGEST_LINE = 10_000


class ShortLines:
    """
    A text file that shortens long lines.

    :param file: the file to write to.
    """

    def __init__(self, file):
        self._file = file

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, text):
        if len(text) > LONGEST_LINE:
            text = '\n'.join(map(shortened, text.split('\n')))
        return self._file.write(text)


def shortened(line):
    """Remove the middle of a long line."""
    left_out = len(line) - LONGEST_LINE
    if left_out <= 0:
        return line
    half = LONGEST_LINE // 2
    return f'{line[:half]} ... {left_out} characters ... {line[-half:]}'


class Progress:
    """
    A pytest plugin that prints a line for each file that starts and for each test that fails.

    pytest-xdist only prints a dot for each test, which does not show where a run hangs.

    :param reporter: pytest's terminal reporter.
    """

    def __init__(self, reporter):
        self._reporter = reporter
        self._begun = set()

    def pytest_runtest_logstart(self, nodeid):
        file = nodeid.partition('::')[0]
        if file not in self._begun:
            self._begun.add(file)
            self._print(f'begun: {file}')

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._print(f'FAILED: {report.nodeid} ({report.when})')

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report):
        """
        Return an empty letter for a test, so that pytest prints none.

        pytest counts the results by the first word of the returned tuple.
        """
        if hasattr(report, 'wasxfail') or (report.passed and report.when != 'call'):
            return None
        kind = 'error' if report.failed and report.when != 'call' else report.outcome
        return kind, '', kind.upper()

    def _print(self, line):
        self._reporter.write_line(line)
        self._reporter.flush()
