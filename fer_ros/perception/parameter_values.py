"""Convert values of ROS parameters, as users write them, to values of settings."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import Field
from dataclasses import fields
from difflib import get_close_matches
from typing import Any
from typing import TYPE_CHECKING
from typing import TypeVar

from fer_ros.perception.settings import checked_value
from fer_ros.perception.settings import SettingError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar('Kind', bound='DataclassInstance')

# Only this many characters of a name are compared. Parameter names are shorter, and comparing
# longer text would take too long.
MOST_COMPARED = 80


def closest(name: str, known: Iterable[str]) -> str:
    """
    Find the known name that is most similar to an unknown name.

    :param name: unknown name, from the command line, a file or a request.
    :param known: names of all parameters.
    :return: the closest name in parentheses, after a space; empty if no name is similar.
    """
    names = list(known)
    # Nested sections lead to names such as emotion.min_confidence, so the last part is compared
    # too.
    for one in (name[:MOST_COMPARED], name[-MOST_COMPARED:].rsplit('.', 1)[-1]):
        found = get_close_matches(one, names, 1)
        if found:
            return f' (closest: {found[0]})'
    return ''


def typed_value(described: Field[Any], value: Any) -> Any:
    """
    Check a value for a setting.

    :param described: field of the setting.
    :param value: value of a ROS parameter.
    :return: the value in the type of the ROS parameter.
    :raises SettingError: if the value is not allowed for the setting.
    """
    if isinstance(described.default, tuple):
        # Users may write a list with one string as that string. ROS reads an empty list as a list
        # of bytes.
        if isinstance(value, str) and value:
            value = [value]
        return list(checked_value(described, value)) or ['']
    return checked_value(described, value)


def given_value(described: Field[Any], given: Any) -> Any:
    """
    Convert a value from the command line or from a parameter file.

    :param described: field of the setting.
    :param given: the value in the type that rcl reads; None for an empty list.
    :return: the value in the type of the ROS parameter.
    :raises SettingError: if the value is not allowed for the setting.
    """
    if given is None and isinstance(described.default, tuple):
        given = []  # rcl turns an empty list in a file into None
    if given is None:
        raise SettingError(
            f'{described.name} has no value: set a value, or remove the parameter to use its '
            f'default, {described.default}'
        )
    if isinstance(described.default, str):
        if type(given) is int:
            # YAML reads a string that looks like a number as a number, for example source:=0.
            given = str(given)
        if type(given) is bool:
            raise SettingError(
                f'{described.name} is {given}, but must be a string. YAML reads yes, no, on and '
                'off as true or false; write them in quotation marks'
            )
    return typed_value(described, given)


def settings_of(kind: type[Kind], given: Mapping[str, Any]) -> Kind:
    """
    Create settings from the values of a parameter file.

    :param kind: a dataclass whose fields are created by `setting`.
    :param given: values by the names of the parameters; other names are ignored.
    :return: the settings, with the defaults for all others.
    :raises SettingError: if a value is not allowed for its setting.
    """
    return kind(
        **{
            described.name: checked_value(described, given_value(described, given[described.name]))
            for described in fields(kind)
            if described.name in given
        }
    )
