"""Message classes without ROS, of the library rosbags, and the definitions that it lacks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

# The package whose definitions are files of this package, and their folder.
PACKAGE = 'vision_msgs'
DEFINITIONS = 'definitions'

# Default values that differ from zero, by type and field.
DEFAULTS = {('geometry_msgs/msg/Quaternion', 'w'): 1.0}


@cache
def message_store() -> Any:
    """Return the definitions of Jazzy and of vision_msgs."""
    from rosbags.typesys import get_types_from_msg
    from rosbags.typesys import get_typestore
    from rosbags.typesys import Stores

    store = get_typestore(Stores.ROS2_JAZZY)
    types: dict[str, Any] = {}
    for file in files(__package__).joinpath(DEFINITIONS).iterdir():
        name, _, suffix = file.name.rpartition('.')
        if suffix == 'msg':
            types.update(get_types_from_msg(file.read_text(), f'{PACKAGE}/msg/{name}'))
    store.register({name: one for name, one in types.items() if name not in store.fielddefs})
    return store


class MessageClasses(dict[str, Callable[[], Any]]):
    """Functions that create empty messages, by the names of the types."""

    def __missing__(self, name: str) -> Callable[[], Any]:
        self[name] = made = _maker(name)
        return made


def _maker(name: str) -> Callable[[], Any]:
    """Return a function that creates an empty message of a type."""
    from rosbags.interfaces import Nodetype

    store = message_store()
    kind = store.types[name]
    makers: list[tuple[str, Callable[[], Any]]] = []
    for field, (node, detail) in store.get_msgdef(name).fields:
        if node == Nodetype.BASE:
            makers.append((field, _constant(DEFAULTS.get((name, field), _zero(detail[0])))))
        elif node == Nodetype.NAME:
            makers.append((field, _maker(detail)))
        elif node == Nodetype.ARRAY and detail[0][0] == Nodetype.BASE:
            makers.append((field, _numbers(detail[0][1][0], detail[1])))
        elif node == Nodetype.SEQUENCE and detail[0][0] == Nodetype.BASE:
            makers.append((field, _numbers(detail[0][1][0], 0)))
        else:
            makers.append((field, list))
    names = [field for field, _ in makers]
    calls = [make for _, make in makers]

    def make() -> Any:
        return kind(**{name: call() for name, call in zip(names, calls, strict=True)})

    return make


def _zero(base: str) -> Any:
    """Return the default value of a basic type."""
    if base == 'string':
        return ''
    if base == 'bool':
        return False
    return 0.0 if base.startswith('float') else 0


def _constant(value: Any) -> Callable[[], Any]:
    """Return a function that returns a value which cannot be changed."""
    return lambda: value


def _numbers(base: str, count: int) -> Callable[[], Any]:
    """Return a function that creates an array."""
    if base == 'string':
        return lambda: [''] * count
    return lambda: np.zeros(count, np.dtype(base))
