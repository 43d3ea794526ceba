"""
The fields of a card: names, allowed values and meanings, each declared once.

The loader, the doctor and the table in doc/models.md use this declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
import difflib
from typing import Any

from fer_ros.perception.crops.preprocessing import COLOURS
from fer_ros.perception.models import card_fields as fields
from fer_ros.perception.models.card_fields import FieldError
from fer_ros.perception.quoting import quoted

OUTPUTS = ('logits', 'probabilities')


@dataclass(frozen=True)
class CardField:
    """
    A field of a card.

    :param key: key in the card; for a key inside another one, both separated by a dot.
    :param value: allowed values, for the documents.
    :param meaning: meaning of the field, for the documents.
    :param read: function that checks the value and converts it; the second argument is the name of
        the field for the error message.
    :param required: whether a card must have the field.
    """

    key: str
    value: str
    meaning: str
    read: Callable[[Any, str], Any]
    required: bool = True


def _output(value: Any, name: str) -> str:
    """Read the type of the output."""
    if value not in OUTPUTS:
        raise FieldError(f'{name} is {quoted(value)}, but must be one of {", ".join(OUTPUTS)}')
    return str(value)


def _side(value: Any, name: str) -> int:
    """Read a side of the input."""
    return fields.integer(value, name, fields.SIDES)


def _eye(value: Any, name: str) -> tuple[float, float]:
    """Read the position of an eye."""
    return fields.pair(value, name, (0, 1))


_SIDE = f'integer from {fields.SIDES[0]} to {fields.SIDES[1]}'
_EYE = 'list [x, y] of two numbers from 0 to 1'

FIELDS = (
    CardField(
        'name',
        f'text of 1 to {fields.LONGEST_NAME} characters',
        'Name of the bundle, as in the log and in `/diagnostics`.',
        fields.text,
    ),
    CardField(
        'labels',
        f'list of 2 to {fields.MOST_LABELS} different names',
        'Labels in the order of the outputs of the network.',
        lambda value, _: fields.labels(value),
    ),
    CardField('input.height', _SIDE, 'Height of the input in pixels.', _side),
    CardField('input.width', _SIDE, 'Width of the input in pixels.', _side),
    CardField(
        'input.channels',
        '1 or 3',
        'Number of channels. The input has the shape (faces, height, width, channels), float32.',
        lambda value, name: fields.integer(value, name, (1, 3)),
    ),
    CardField(
        'input.colour',
        ', '.join(COLOURS),
        'Order of the colours: `gray` has 1 channel, the others have 3.',
        fields.text,
    ),
    CardField(
        'input.value_range',
        'list [low, high] of two numbers, low < high',
        'Input values for the pixel values 0 and 255; the values between are scaled linearly.',
        lambda value, name: fields.pair(value, name, fields.VALUES),
    ),
    CardField(
        'crop.left_eye',
        _EYE,
        "Position of the person's left eye in the input, as fractions of width and height.",
        _eye,
    ),
    CardField(
        'crop.right_eye',
        _EYE,
        "Position of the person's right eye; it is to the left of `left_eye` in the picture.",
        _eye,
    ),
    CardField(
        'output',
        ', '.join(OUTPUTS),
        'Type of the outputs: before or after the softmax.',
        _output,
    ),
    CardField(
        'temperature',
        f'number from {fields.TEMPERATURES[0]:g} to {fields.TEMPERATURES[1]:g}',
        'The logits are divided by this number before the softmax; 1 changes nothing.',
        lambda value, name: fields.number(value, name, fields.TEMPERATURES),
    ),
    CardField(
        'files',
        f'mapping of 1 to {fields.MOST_FILES} file formats',
        'For each format, `name` (a file in the folder) and `sha256` (64 hexadecimal digits).',
        lambda value, _: fields.files(value),
    ),
    CardField(
        'training',
        'mapping',
        'How the network was trained, or from which file it was imported. The node ignores it.',
        fields.mapping,
        required=False,
    ),
    CardField(
        'metrics',
        'mapping',
        'Measured figures by data set. The node ignores them.',
        fields.mapping,
        required=False,
    ),
    CardField(
        'licence',
        f'text of at most {fields.LONGEST_TEXT} characters',
        'Licence of the weights.',
        fields.optional_text,
        required=False,
    ),
    CardField(
        'terms',
        f'text of at most {fields.LONGEST_TEXT} characters',
        'Terms of use of the training data.',
        fields.optional_text,
        required=False,
    ),
)


def read_fields(written: Any) -> dict[str, Any]:
    """
    Check all fields of a card.

    :param written: the value of the YAML document.
    :return: the value of each field by its key.
    :raises FieldError: if a field is missing or wrong.
    """
    values = {}
    for field in FIELDS:
        group, _, key = field.key.rpartition('.')
        mapping = fields.entry(written, group) if group else written
        if field.required:
            value = fields.entry(mapping, key, group or 'the card')
        else:
            value = mapping.get(key)
        values[field.key] = field.read(value, key)
    return values


def unknown_keys(written: Any) -> list[str]:
    """
    Find keys of a card that no part of the package reads.

    :param written: the value of the YAML document.
    :return: the keys, each with the closest known key if there is one.
    """
    known = {field.key for field in FIELDS}
    groups = {key.partition('.')[0] for key in known if '.' in key}
    found = []
    for key, value in written.items() if isinstance(written, Mapping) else ():
        if key in groups and isinstance(value, Mapping):
            found += [f'{key}.{inner}' for inner in value if f'{key}.{inner}' not in known]
        elif key not in known:
            found.append(str(key))
    return [_with_closest(key, known) for key in found]


def _with_closest(key: str, known: set[str]) -> str:
    """Quote a key, with the closest known key if there is one."""
    close = difflib.get_close_matches(key, sorted(known), 1)
    return quoted(key) + (f' (did you mean {close[0]}?)' if close else '')
