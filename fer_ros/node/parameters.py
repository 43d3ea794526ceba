"""From settings to ROS parameters, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field
from dataclasses import fields
from typing import Any
from typing import TYPE_CHECKING
from typing import TypeVar

from rcl_interfaces.msg import FloatingPointRange
from rcl_interfaces.msg import IntegerRange
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from fer_ros.perception.config import checked_value
from fer_ros.perception.config import setting_fields
from fer_ros.perception.config import SettingError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar('Kind', bound='DataclassInstance')


def declare_settings(node: Node, kind: type[Kind]) -> Kind:
    """
    Declare a parameter for each setting, and return the values they were given.

    :param node: the parameters' node.
    :param kind: a dataclass whose fields are made by `setting`.
    :return: the defaults, with what the command line and parameter files say instead.
    :raises SettingError: if a value was given that is not one that the setting may have.
    """
    values = {}
    for described in fields(kind):
        value = _given_value(node, described)
        # The value was checked already, and is of the declared type now.
        node.declare_parameter(described.name, value, descriptor(described), ignore_override=True)
        values[described.name] = checked_value(described, value)
    return kind(**values)


def descriptor(described: Field[Any]) -> ParameterDescriptor:
    """
    Say what `ros2 param describe` should tell of a setting.

    :param described: the setting's field.
    :return: its description, and the range of a number.
    """
    made = ParameterDescriptor(
        description=described.metadata['description'], read_only=not described.metadata['live']
    )
    choices = described.metadata['choices']
    if choices:
        made.additional_constraints = f'one of {", ".join(choices)}'
    bounds = described.metadata['bounds']
    if bounds and isinstance(described.default, float):
        low, high = bounds
        made.floating_point_range = [
            FloatingPointRange(from_value=float(low), to_value=float(high), step=0.0)
        ]
    elif bounds:
        low, high = bounds
        made.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return made


def checked_parameters(parameters: Sequence[Parameter]) -> list[Parameter]:
    """
    Check parameters that somebody sets; what is no setting passes unchanged.

    :param parameters: as they were sent.
    :return: the same, with an int where a double is meant turned into it.
    :raises SettingError: if a value is not one that the setting may have.
    """
    known = {described.name: described for described in setting_fields()}
    return [
        Parameter(given.name, value=_typed_value(known[given.name], given.value))
        if given.name in known
        else given
        for given in parameters
    ]


def _typed_value(described: Field[Any], value: Any) -> Any:
    """Check a value for a setting, and give it as ROS is to have it; see `checked_parameters`."""
    if value is None:
        raise SettingError(f'{described.name} cannot be without a value')
    if isinstance(described.default, tuple):
        # A list of one is typed as its text alone, and an empty list is one of bytes to ROS.
        if isinstance(value, str) and value:
            value = [value]
        return list(checked_value(described, value)) or ['']
    return checked_value(described, value)


def _given_value(node: Node, described: Field[Any]) -> Any:
    """Give the value a setting starts with: what the user says, else the default."""
    # A parameter of a fixed type refuses 1 where it wants 1.0 before anybody can help; so look at
    # what was given through one that takes any type.
    loose = ParameterDescriptor(dynamic_typing=True)
    given = node.declare_parameter(described.name, described.default, loose).value
    node.undeclare_parameter(described.name)
    if given is None:
        raise SettingError(
            f'{described.name} is given no value; the default is {described.default}'
        )
    if isinstance(described.default, str) and type(given) is int:
        # What a person types for a text may look like a number: source:=0.
        given = str(given)
    return _typed_value(described, given)
