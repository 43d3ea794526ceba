from io import StringIO

from training.data.progress_bar import progress_bar


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
