"""Check settings that are declared with a default, a description, bounds and choices."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from fer_ros.perception.settings import checked_value


def check_declared(settings: Any) -> None:
    """
    Check each field of a frozen dataclass that `fer_ros.perception.settings.setting` declares.

    A whole number becomes a float where the default is a float, and a list becomes a tuple where
    the default is a tuple.

    :param settings: the new instance; call this in its `__post_init__`.
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
