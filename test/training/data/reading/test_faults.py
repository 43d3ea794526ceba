from io import StringIO

import pytest

from training.data.datasets import DataError
from training.data.reading.faults import Faults
from training.data.reading.faults import progress_bar


class Terminal(StringIO):
    def isatty(self):
        return True


def test_progress_and_the_time_left_are_shown_on_a_terminal():
    screen = Terminal()

    with progress_bar('reading fer2013.csv', 1 << 20, 'B', screen) as bar:
        bar.update(1 << 19)
        bar.refresh()

    shown = screen.getvalue()
    assert 'reading fer2013.csv:  50%' in shown
    assert '524k/1.05M' in shown
    assert '<00:00' in shown


def test_nothing_is_shown_where_nobody_watches():
    file = StringIO()

    with progress_bar('reading', 10, 'files', file) as bar:
        bar.update(5)

    assert file.getvalue() == ''


def test_a_long_list_of_faults_says_how_many_more_there_are():
    faults = Faults()
    for row in range(7):
        faults.skip(f'row {row}', 'blank')

    assert faults.count == 7
    assert faults.text(most=2) == 'skipped 7: blank: row 0, row 1, … (5 more)'


def test_strict_stops_at_the_first():
    with pytest.raises(DataError, match='row 0: blank'):
        Faults(strict=True).skip('row 0', 'blank')
