from benchmark.rig.tables import markdown_table
from benchmark.rig.tables import plain_table

HEAD = ['figure', 'value']
ROWS = [['`memory`', '1.10'], ['`a_long_name`', '1e5'], ['`none`', '']]


def test_a_table_in_markdown_has_a_line_for_each_row_and_keeps_its_words():
    head, rule, *lines = markdown_table(HEAD, ROWS)

    assert set(rule) == {'|', '-'}
    cells = [[cell.strip() for cell in line.strip('|').split('|')] for line in [head, *lines]]
    assert cells == [HEAD, *ROWS]
    assert len({len(line) for line in [head, rule, *lines]}) == 1


def test_the_columns_of_a_table_for_a_terminal_are_aligned():
    lines = plain_table(HEAD, ROWS[:2], left=1)

    assert [line.split() for line in lines] == [HEAD, *ROWS[:2]]
    assert [line.index(row[0]) for line, row in zip(lines, [HEAD, *ROWS], strict=False)] == [0] * 3
    assert len({len(line) for line in lines}) == 1
