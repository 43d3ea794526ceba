"""Check settings that are declared with a default, a description, bounds and choices."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from fer_ros.perception.settings import checked_value


def check_declared(settings: Any) -> None:
    """
    Check the fields of a dataclass that `fer_ros.perception.settings.setting` declares.

    An int becomes a float if the default is a float.  A list becomes a tuple if the default is a
    tuple.

    :param settings: new instance of a frozen dataclass; call this in its `__post_init__`.
    :raises ValueError: if a value has another type, or is outside its bounds or choices.
    """
    for declared in fields(settings):
        if 'bounds' not in declared.metadata:
            continue
        value = getattr(settings, declared.name)
        if isinstance(declared.default, tuple):
            if not isinstance(value, (tuple, list)):
                raise ValueError(f'{declared.name} is {value!r}, but must be a tuple')
            checked: Any = tuple(value)
        else:
            checked = checked_value(declared, value)
        object.__setattr__(settings, declared.name, checked)
