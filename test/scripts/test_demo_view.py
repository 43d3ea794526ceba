import io
import re

from demo_view import bar
from demo_view import BAR_WIDTH
from demo_view import SeenFace
from demo_view import TerminalView
import pytest
from rich.console import Console

CONTROLS = re.compile(r'\x1b\[\?25[hl]|\x1b\[(?P<up>\d*)A|(?P<erase>\x1b\[2K)|(?P<other>[^\x1b])')


class Terminal(io.StringIO):
    """A terminal that supports only the control sequences of the view, and rejects all others."""

    def isatty(self):
        return True

    def screen(self):
        """Return the visible lines."""
        lines, row, column, end = [''], 0, 0, 0
        for match in CONTROLS.finditer(self.getvalue()):
            assert match.start() == end, self.getvalue()[end:][:20]
            end = match.end()
            if match['up'] is not None:
                row -= int(match['up'] or 1)
                assert row >= 0
            elif match['erase']:
                lines[row] = ''
            elif match['other'] == '\r':
                column = 0
            elif match['other'] == '\n':
                row, column = row + 1, 0
                lines += [''] * (row + 1 - len(lines))
            elif match['other']:
                lines[row] = lines[row][:column].ljust(column) + match['other']
                column += 1
        assert end == len(self.getvalue())
        return [line.rstrip() for line in lines]


@pytest.fixture(autouse=True)
def size(monkeypatch):
    """Return a function that sets the size of the terminal."""

    def set_size(rows, columns):
        monkeypatch.setenv('LINES', str(rows))
        monkeypatch.setenv('COLUMNS', str(columns))

    monkeypatch.setenv('TERM', 'xterm')
    set_size(24, 80)
    return set_size


def face(number, count=7):
    shares = {f'emotion{index}': 1 / count for index in range(count)}
    return SeenFace(str(number), (0, 0, 10, 10), 'happy', 0.51, shares)


def drawn(share):
    stream = io.StringIO()
    Console(file=stream, width=80).print(bar(share), end='')
    return stream.getvalue().removesuffix('\n')


@pytest.mark.parametrize('share', [-0.1, 0.0, 0.004, 0.5, 0.999, 1.0, 2.0])
def test_a_bar_has_the_same_width_whatever_the_share(share):
    assert len(drawn(share)) == BAR_WIDTH


def test_a_bar_is_as_full_as_the_share():
    assert drawn(0.0).count('█') == 0
    assert drawn(0.5).count('█') == BAR_WIDTH // 2
    assert drawn(1.0).count('█') == BAR_WIDTH


def test_without_a_terminal_each_state_is_one_line(monkeypatch):
    monkeypatch.setenv('FORCE_COLOR', '1')
    stream = io.StringIO()
    view = TerminalView(stream)
    view.show('head', [face(1), face(2)])
    view.show('head', [])
    view.close()

    assert stream.getvalue() == 'head: face 1 happy 0.51; face 2 happy 0.51\nhead: no face\n'


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch):
    monkeypatch.setenv('TERM', 'dumb')
    stream = Terminal()
    view = TerminalView(stream)
    view.show('head', [])
    view.close()

    assert stream.getvalue() == 'head: no face\n'


def test_on_a_terminal_a_face_has_a_line_and_a_bar_for_each_emotion():
    stream = Terminal()
    TerminalView(stream).show('first', [face(1, count=4)])

    head, of_face, *bars = stream.screen()
    assert head == 'first'
    assert of_face == '  face 1: happy 0.51   10x10 pixels at (0, 0)'
    assert [line.split()[0] for line in bars] == [f'emotion{index}' for index in range(4)]
    assert {line.count('█') for line in bars} == {BAR_WIDTH // 4}
    assert {line.split()[-1] for line in bars} == {'0.25'}


def test_on_a_terminal_the_new_state_takes_the_place_of_the_old():
    stream = Terminal()
    view = TerminalView(stream)
    view.show('first', [face(1)])
    view.show('second', [])
    view.close()

    assert [line for line in stream.screen() if line] == ['second', '  no face']


def test_the_cursor_is_given_back_on_a_line_of_its_own():
    stream = Terminal()
    view = TerminalView(stream)
    view.show('first', [])
    view.close()

    assert stream.getvalue().startswith('\x1b[?25l')
    assert stream.getvalue().endswith('\n\x1b[?25h')


def test_text_is_shown_as_it_is():
    stream = Terminal()
    TerminalView(stream).show('[bold]me[/bold] :smile:', [])

    assert stream.screen()[0] == '[bold]me[/bold] :smile:'


@pytest.mark.parametrize('faces', [0, 1, 3, 100])
@pytest.mark.parametrize('rows', [5, 24])
def test_the_state_never_scrolls_and_no_line_wraps(size, faces, rows):
    size(rows, 30)
    stream = Terminal()
    view = TerminalView(stream)
    for _ in range(2):
        view.show('head ' * 20, [face(number) for number in range(faces)])
        assert len(stream.screen()) < rows
    view.close()

    assert max(len(line) for line in stream.screen()) <= 30
    assert len(stream.screen()) <= rows
