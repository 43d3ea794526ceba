import pytest

from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

FORGED = 'bgr8\n[FATAL] [emotion]: all is lost\x1b[2J'


def test_ordinary_text_is_shown_whole_within_quotation_marks():
    assert quoted('bgr8') == "'bgr8'"
    assert quoted('x' * 80) == repr('x' * 80)


@pytest.mark.parametrize('show', [quoted, shortened])
@pytest.mark.parametrize('text', [FORGED, '\r', '\x00', '\u202e', '\u2028', '\x9b31m', '\ud800'])
def test_what_is_shown_can_neither_forge_a_line_nor_change_a_terminal(show, text):
    assert show(text).isprintable()


@pytest.mark.parametrize('text', ['x' * 5_000_000, '\x1b' * 5_000_000, '\U0010ffff' * 81])
def test_large_text_is_cut_and_its_length_is_given(text):
    shown = quoted(text)

    assert len(shown) < 120
    assert f'({len(text)} characters)' in shown


def test_of_a_long_path_the_end_is_shown():
    path = '/home/robot/' + 'a' * 100 + '/camera/front.mp4'

    shown = quoted(path)

    assert shown.startswith("'/home/robot/aaa")
    assert shown.endswith(f"aaa/camera/front.mp4' ({len(path)} characters)")
    assert len(shown) < 110


@pytest.mark.parametrize('text', ['/' + '\x1b' * 5_000_000, '/' + '\U0010ffff' * 81, '/' * 81])
def test_a_path_of_any_characters_is_cut(text):
    shown = quoted(text)

    assert len(shown) < 120
    assert shown.isprintable()
    assert f'({len(text)} characters)' in shown


def test_bytes_are_counted_as_bytes():
    assert quoted(b'\xff' * 1000).endswith('(1000 bytes)')


def test_values_that_are_no_text_are_shown_and_cut():
    assert quoted(7) == '7'
    assert len(quoted(list(range(10_000)))) <= 80


def test_sentences_are_one_line_of_limited_length():
    assert shortened('while parsing\n   a block\tmapping') == 'while parsing a block mapping'
    assert shortened('x' * 301).endswith('…')
    assert len(shortened('word ' * 1_000_000)) == 300
    assert len(shortened('\x07' * 1_000_000)) == 300
