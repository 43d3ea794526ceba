"""Text from outside (messages, files, parameters, libraries), made safe for a log line."""

from __future__ import annotations

# A quoted value is a name, a path or an encoding.
QUOTED_LENGTH = 80

# A library's own sentence, or a refusal that holds one.
SENTENCE_LENGTH = 300


def quoted(value: object, length: int = QUOTED_LENGTH) -> str:
    """
    Show a value that came from outside, within quotation marks if it is text.

    Control characters, escape sequences and line breaks are escaped as `repr` does, so that a
    value can neither forge a log line nor change a terminal.

    :param value: text is cut before it is escaped, so that a large one costs nothing.
    :param length: of the result at most, in characters, without the note on what was cut.
    :return: the value as `repr` shows it; where it was cut, with its own length behind it.  Of a
        path, the middle is cut: its end is what tells it from others.
    """
    if not isinstance(value, (str, bytes)):
        return shortened(repr(value), length)
    shown = repr(value[:length])
    if len(value) <= length and len(shown) <= length + 2:
        return shown
    unit = 'bytes' if isinstance(value, bytes) else 'characters'
    note = f'({len(value)} {unit})'
    if isinstance(value, str) and value.startswith(('/', '~/', './', '../')):
        first = length // 3
        begin, end = _cut(value[:length], first, 0), _cut(value[-length:], length - first, 1)
        return f'{begin}…{end} {note}'
    return f'{_cut(value[:length], length, 0)}… {note}'


def _cut(value: str | bytes, length: int, from_left: int) -> str:
    """
    Show a part of a value in so many characters, without the quotation marks.

    :param from_left: 1 to cut the beginning off, 0 to cut the end off.
    """
    while len(shown := repr(value)) > length + 2:
        end = len(value) - 1 + from_left
        value = value[from_left:end]
    return shown


def shortened(text: object, length: int = SENTENCE_LENGTH) -> str:
    """
    Make one line of limited length of a text that came from outside, without quotation marks.

    :param text: the message of a library's exception, for example.
    :param length: of the result at most, in characters.
    :return: the text with runs of white space as one space and control characters escaped; `…`
        stands for what was cut.
    """
    # Escaping makes a character at most ten times longer, and white space is dropped.
    words = ' '.join(str(text)[: 10 * length].split())
    line = ''.join(one if one.isprintable() else repr(one)[1:-1] for one in words)
    return line if len(line) <= length else f'{line[: length - 1]}…'
