"""Read and check single fields of a card. The message of each error is one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import re
from typing import Any

from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.quoting import quoted

# File name suffix by the key of the network's file format in the card, for the file formats that
# the back ends read. A card may also have other formats, for example for an NPU.
SUFFIXES = {'keras': '.keras', 'tflite': '.tflite', 'onnx': '.onnx'}

# Key of any file format.
FORMAT = re.compile('[a-z][a-z0-9_]{0,31}')
MOST_FILES = 16

LONGEST_NAME = 64  # characters
LONGEST_TEXT = 4000  # characters
MOST_LABELS = 100
SIDES = (8, 1024)  # pixels
TEMPERATURES = (0.01, 100.0)
# Limits of `value_range`: much wider than 0 to 255, but still precise enough in float32.
VALUES = (-1e6, 1e6)


class FieldError(ValueError):
    """Raised if a field of a card is missing or has a wrong value."""


def entry(written: Any, key: str, where: str = 'the card') -> Any:
    """
    Read the value of a key in a mapping.

    :param written: the mapping, as read from the file.
    :param key: the key.
    :param where: name of the mapping for the error message.
    :return: the value.
    :raises FieldError: if `written` is not a mapping or does not have the key.
    """
    if not isinstance(written, Mapping):
        raise FieldError(f'{where} is {quoted(written)}, but must be a mapping of keys to values')
    if key not in written:
        raise FieldError(f"{where} has no key '{key}'")
    return written[key]


def number(value: Any, name: str, limits: tuple[float, float]) -> float:
    """
    Read a number.

    :param value: the value in the file.
    :param name: name of the field for the error message.
    :param limits: minimum and maximum, both inclusive.
    :return: the number.
    :raises FieldError: if it is not a number within the limits.
    """
    low, high = limits
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FieldError(f'{name} is {quoted(value)}, but must be a number')
    # The comparison comes before float(), which overflows for huge integers. The comparison also
    # rejects NaN.
    if not low <= value <= high:
        raise FieldError(
            f'{name} is {quoted(value)}, but must be a number from {low:g} to {high:g}'
        )
    return float(value)


def integer(value: Any, name: str, limits: tuple[int, int]) -> int:
    """
    Read an integer.

    :param value: the value in the file.
    :param name: name of the field for the error message.
    :param limits: minimum and maximum, both inclusive.
    :return: the integer.
    :raises FieldError: if it is not an integer within the limits.
    """
    low, high = limits
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise FieldError(f'{name} is {quoted(value)}, but must be an integer from {low} to {high}')
    return value


def pair(value: Any, name: str, limits: tuple[float, float]) -> tuple[float, float]:
    """
    Read a list of two numbers.

    :param value: the value in the file.
    :param name: name of the field for the error message.
    :param limits: minimum and maximum of both numbers, inclusive.
    :return: the numbers.
    :raises FieldError: if it is not a list of two numbers within the limits.
    """
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise FieldError(f'{name} is {quoted(value)}, but must be a list of two numbers')
    return number(value[0], name, limits), number(value[1], name, limits)


def text(value: Any, name: str, longest: int = LONGEST_NAME) -> str:
    """
    Read printable text on one line.

    :param value: the value in the file.
    :param name: name of the field for the error message.
    :param longest: maximum number of characters.
    :return: the text.
    :raises FieldError: if it is empty, too long, not printable, or begins or ends with a space.
    """
    if not isinstance(value, str) or not value or len(value) > longest:
        raise FieldError(
            f'{name} is {quoted(value)}, but must be text of 1 to {longest} characters'
        )
    if not value.isprintable() or value != value.strip():
        raise FieldError(
            f'{name} is {quoted(value)}, but must be printable text without leading '
            'or trailing spaces'
        )
    return value


def optional_text(value: Any, name: str) -> str:
    """
    Read text of one or more lines that the node does not use.

    :param value: the value in the file; None means empty.
    :param name: name of the field for the error message.
    :return: the text.
    :raises FieldError: if the value is not text, or is longer than LONGEST_TEXT.
    """
    if value is None:
        return ''
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise FieldError(
            f'{name} is {quoted(value)}, but must be text of at most {LONGEST_TEXT} characters'
        )
    return value


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    """
    Read a mapping of the card that the node does not use.

    :param value: the value in the file; None means empty.
    :param name: name of the field for the error message.
    :return: the mapping.
    :raises FieldError: if the value is not a mapping.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise FieldError(f'{name} is {quoted(value)}, but must be a mapping of keys to values')
    return value


def labels(value: Any) -> tuple[str, ...]:
    """
    Read the labels.

    :param value: the value in the file.
    :return: the labels, in the order of the network's output.
    :raises FieldError: if the value is not a list of 2 to MOST_LABELS different labels, or if a
        label is 'uncertain'.
    """
    if not isinstance(value, (list, tuple)) or not 2 <= len(value) <= MOST_LABELS:
        raise FieldError(
            f'labels are {quoted(value)}, but must be a list of 2 to {MOST_LABELS} names'
        )
    names = tuple(text(label, 'a label') for label in value)
    if len(set(names)) < len(names) or UNCERTAIN in names:
        raise FieldError(
            f"labels are {quoted(value)}, but each label may occur only once, and '{UNCERTAIN}' "
            'is reserved'
        )
    return names


def files(value: Any) -> dict[str, tuple[str, str]]:
    """
    Read the names and hashes of the network's files.

    :param value: the value in the file.
    :return: file name and SHA-256 by file format.
    :raises FieldError: if there is no file, or the key of a file format, a name or a hash is not
        valid.
    """
    if not isinstance(value, Mapping) or not 1 <= len(value) <= MOST_FILES:
        raise FieldError(
            f'files are {quoted(value)}, but must be a mapping of 1 to {MOST_FILES} file formats, '
            f'such as {", ".join(SUFFIXES)}'
        )
    for kind in value:
        if not isinstance(kind, str) or not FORMAT.fullmatch(kind):
            raise FieldError(
                f'files has the file format {quoted(kind)}, but must have keys such as '
                f'{", ".join(SUFFIXES)} (lower-case letters, digits and _)'
            )
    return {
        kind: (_file_name(kind, stated), _sha256(kind, stated)) for kind, stated in value.items()
    }


def _file_name(kind: str, stated: Any) -> str:
    """Read the name of a network file, which must be in the bundle's folder."""
    name = text(entry(stated, 'name', f'files: {kind}'), f'files: {kind}: name')
    suffix = SUFFIXES.get(kind, Path(name).suffix)
    if Path(name).name != name or '\\' in name or Path(name).suffix != suffix:
        raise FieldError(
            f'files: {kind}: name is {quoted(name)}, but must be the name of a {suffix} file in '
            "the bundle's folder"
        )
    return name


def _sha256(kind: str, stated: Any) -> str:
    """Read the SHA-256 of a network file."""
    value = entry(stated, 'sha256', f'files: {kind}')
    if not isinstance(value, str) or not re.fullmatch('[0-9a-f]{64}', value):
        raise FieldError(
            f'files: {kind}: sha256 is {quoted(value)}, but must be 64 hexadecimal digits in '
            'lower case'
        )
    return value
