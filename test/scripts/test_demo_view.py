import io

from demo_view import bar
from demo_view import BAR_WIDTH
from demo_view import SeenFace
from demo_view import TerminalView
import pytest


class Terminal(io.StringIO):
    def isatty(self):
        return True


def face(number, count=7):
    shares = {f'emotion{index}': 1 / count for index in range(count)}
    return SeenFace(str(number), (0, 0, 10, 10), 'happy', 0.51, shares)


@pytest.mark.parametrize('share', [-0.1, 0.0, 0.004, 0.5, 0.999, 1.0, 2.0])
def test_a_bar_has_the_same_width_whatever_the_share(share):
    assert len(bar(share)) == BAR_WIDTH


def test_a_bar_is_as_full_as_the_share():
    assert bar(0.0).count('█') == 0
    assert bar(0.5).count('█') == BAR_WIDTH // 2
    assert bar(1.0).count('█') == BAR_WIDTH


def test_without_a_terminal_each_state_is_one_line():
    stream = io.StringIO()
    view = TerminalView(stream)
    view.show('head', [face(1), face(2)])
    view.show('head', [])

    assert stream.getvalue() == 'head: face 1 happy 0.51; face 2 happy 0.51\nhead: nobody\n'


def test_on_a_terminal_the_new_state_takes_the_place_of_the_old(monkeypatch):
    monkeypatch.setenv('LINES', '24')
    monkeypatch.setenv('COLUMNS', '80')
    stream = Terminal()
    view = TerminalView(stream)
    view.show('first', [face(1)])
    lines = stream.getvalue().count('\n')
    view.show('second', [])

    assert f'\x1b[{lines}A\r\x1b[Jsecond' in stream.getvalue()


@pytest.mark.parametrize('faces', [0, 1, 3, 100])
@pytest.mark.parametrize('rows', [5, 24])
def test_the_state_never_scrolls_and_no_line_wraps(monkeypatch, faces, rows):
    monkeypatch.setenv('LINES', str(rows))
    monkeypatch.setenv('COLUMNS', '30')
    stream = Terminal()
    TerminalView(stream).show('head ' * 20, [face(number) for number in range(faces)])

    lines = stream.getvalue().replace('\r\x1b[J', '').splitlines()
    assert len(lines) < rows
    assert max(len(line) for line in lines) < 30
