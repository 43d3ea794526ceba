"""Read the parameter files of ROS nodes without ROS, with the values that rcl reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any

import yaml

from fer_ros.perception.models.bounded_yaml import BoundedLoader
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

# Larger files are not searched for sections [bytes].
MOST_BYTES = 2**20

# Maximum nesting of namespaces that is searched; rcl itself accepts fewer levels of YAML.
MOST_LEVELS = 8

# The key that holds the parameters of a section.
PARAMETERS = 'ros__parameters'

# Plain scalars that rcl reads as true and as false.
TRUE = frozenset('Y y yes Yes YES true True TRUE on On ON'.split())  # noqa: SIM905
FALSE = frozenset('N n no No NO false False FALSE off Off OFF'.split())  # noqa: SIM905


class ParameterFileError(ValueError):
    """Raised if a parameter file cannot be read; the message names the file and the reason."""


def sections(path: Path) -> list[str]:
    """
    Return the sections of a parameter file; each section applies to a node name or a pattern.

    :param path: a file that rcl has read; Python's YAML parser may still reject it.
    :return: full node names or patterns, with rcl's wildcards `*` and `**`.
    :raises ValueError: if the file cannot be read again, is too large, or is invalid for Python's
        YAML parser.
    """
    try:
        # A pipe, which the shell creates for <(command), can be read only once.
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise ValueError(f'{quoted(str(path))} is not a regular file of at most 1 MiB')
        # This loader reads every value as a string, so tags and dates have no effect.
        content = yaml.load(path.read_bytes(), Loader=yaml.BaseLoader)
    except (OSError, yaml.YAMLError, RecursionError) as error:
        raise ValueError(shortened(error)) from error
    return list(_sections_below(content, ''))


def _sections_below(content: Any, prefix: str, level: int = 0) -> Iterator[str]:
    """Yield the sections in a part of a file; the prefix is a namespace."""
    if not isinstance(content, dict) or level > MOST_LEVELS:
        return
    for key, value in content.items():
        if key == PARAMETERS:
            yield prefix or '/'
        else:
            yield from _sections_below(value, f'{prefix}/{str(key).strip("/")}', level + 1)


def applies_to(section: str, name: str) -> bool:
    """
    Check whether a section of a parameter file applies to a node.

    :param section: full node name; * stands for one part of a name, ** for any number of parts.
    :param name: full name of the node.
    """
    pattern = re.escape(section).replace(r'/\*\*', r'(/\w+)*').replace(r'/\*', r'/\w+')
    return re.fullmatch(pattern, name) is not None


def read_parameters(path: Path, name: str) -> tuple[dict[str, Any], list[str]]:
    """
    Read the parameters of a node.

    If several sections apply to the node, the last value of a parameter is valid, as in rcl.
    Parameters of nested maps have dots in their names.

    :param path: parameter file.
    :param name: full name of the node.
    :return: the values by their names, and all sections of the file.
    :raises ParameterFileError: if the file cannot be read, or is not a parameter file.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError('the file is larger than 1 MiB')
        root = BoundedLoader(path.read_text(encoding='utf-8')).get_single_node()
        if not isinstance(root, yaml.MappingNode):
            raise ValueError(f'the file has no section with the key {PARAMETERS}')
        found = dict(_nodes_below(root, ''))
        if not found:
            raise ValueError(f'the file has no section with the key {PARAMETERS}')
        values: dict[str, Any] = {}
        for section, node in found.items():
            if applies_to(section, name):
                values.update(_values(node, ''))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        reason = shortened(getattr(error, 'strerror', None) or error)
        raise ParameterFileError(
            f'cannot read the parameter file {quoted(str(path))}: {reason}'
        ) from error
    return values, list(found)


def _nodes_below(node: yaml.Node, prefix: str, level: int = 0) -> Iterator[tuple[str, yaml.Node]]:
    """Yield each section in a part of a file, with the node of its parameters."""
    if not isinstance(node, yaml.MappingNode) or level > MOST_LEVELS:
        return
    for key, value in node.value:
        if key.value == PARAMETERS:
            yield prefix or '/', value
        else:
            yield from _nodes_below(value, f'{prefix}/{str(key.value).strip("/")}', level + 1)


def _values(node: yaml.Node, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the parameters of a section."""
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f'line {node.start_mark.line + 1}: {PARAMETERS} must be a map')
    for key, value in node.value:
        if isinstance(value, yaml.MappingNode):
            yield from _values(value, f'{prefix}{key.value}.')
        else:
            yield f'{prefix}{key.value}', _value(value)


def _value(node: yaml.Node) -> Any:
    """Return a value in the type that rcl gives it; None for an empty list."""
    if isinstance(node, yaml.SequenceNode):
        return [_value(one) for one in node.value] or None
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and node.style is not None:
        return text
    if text in TRUE or text in FALSE:
        return text in TRUE
    if re.fullmatch(r'[+-]?[0-9]+', text) and -(2**63) <= int(text) < 2**63:
        # As in C, a leading zero means an octal number.
        digits = text.lstrip('+-')
        octal = len(digits) > 1 and digits[0] == '0'
        if octal and re.search('[89]', digits):
            return float(text)
        return int(text, 8 if octal else 10)
    if re.fullmatch(r'[+-]?0[xX][0-9a-fA-F]+', text):
        return int(text, 16)
    if re.fullmatch(r'[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?', text):
        return float(text)
    special = re.fullmatch(r'([+-]?)\.(inf|nan)', text, re.IGNORECASE)
    if special:
        return float(special[1] + special[2])
    # rcl rejects a key without a value.
    return None if text in ('', '~', 'null') else text
