"""Escape and shorten untrusted text (messages, files, parameters, libraries) for a log line."""

from __future__ import annotations

# Maximum length of a quoted name, path or encoding, in characters.
QUOTED_LENGTH = 80

# Maximum length of an error message of a library, or of an error that contains such a message, in
# characters.
SENTENCE_LENGTH = 300


def quoted(value: object, length: int = QUOTED_LENGTH) -> str:
    """
    Format an untrusted value for a message, within quotation marks if it is text.

    Control characters, escape sequences and line breaks are escaped as in `repr`. The value can
    therefore neither forge a log line nor change a terminal.

    :param value: text, bytes or any other object. Long text is cut before it is escaped.
    :param length: maximum length of the result in characters, without the note of the length.
    :return: the value as `repr` shows it. If text was cut, a note of its full length follows. A
        path is cut in the middle, because paths usually differ at the end.
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
    Shorten a value until its `repr` fits into a length, without the quotation marks.

    :param value: text or bytes.
    :param length: maximum length of the result in characters.
    :param from_left: 1 to cut the beginning off, 0 to cut the end off.
    """
    while len(shown := repr(value)) > length + 2:
        end = len(value) - 1 + from_left
        value = value[from_left:end]
    return shown


def shortened(text: object, length: int = SENTENCE_LENGTH) -> str:
    """
    Format untrusted text as one line of limited length, without quotation marks.

    :param text: an object whose text is formatted, such as an exception of a library.
    :param length: maximum length of the result in characters.
    :return: the text, with each run of white space as one space and control characters escaped.
        If the text was cut, the result ends with `…`.
    """
    # Long text is cut first, to limit the work. The factor 10 leaves room for white space, which
    # is dropped.
    words = ' '.join(str(text)[: 10 * length].split())
    line = ''.join(one if one.isprintable() else repr(one)[1:-1] for one in words)
    return line if len(line) <= length else f'{line[: length - 1]}…'
