from jinja2 import UndefinedError
import pytest

from training.pages.markdown import table
from training.pages.rendering import render


def test_a_value_that_a_template_needs_and_does_not_get_is_an_error():
    with pytest.raises(UndefinedError, match="'card' is undefined"):
        render('card.md')


def test_a_table_has_an_empty_cell_where_there_is_nothing_to_say():
    assert table(['', 'b'], [['1', ''], ['', '2']]) == [
        '| | b |',
        '| --- | --- |',
        '| 1 | |',
        '| | 2 |',
    ]
