import pytest

from training.data.datasets import DataError
from training.data.reading.faults import Faults


def test_a_long_list_of_faults_says_how_many_more_there_are():
    faults = Faults()
    for row in range(7):
        faults.skip(f'row {row}', 'blank')

    assert faults.count == 7
    assert faults.text(most=2) == 'skipped 7: blank: row 0, row 1, … (5 more)'


def test_strict_stops_at_the_first():
    with pytest.raises(DataError, match='row 0: blank'):
        Faults(strict=True).skip('row 0', 'blank')
