"""Convert settings to ROS parameters, and parameter values to settings."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import Field
from dataclasses import fields
from typing import Any
from typing import TYPE_CHECKING
from typing import TypeVar

from rcl_interfaces.msg import FloatingPointRange
from rcl_interfaces.msg import IntegerRange
from rcl_interfaces.msg import ParameterDescriptor
from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from fer_ros.node.life.errors import described as described_error
from fer_ros.node.life.errors import REASON_LENGTH
from fer_ros.perception.parameter_values import closest
from fer_ros.perception.parameter_values import given_value
from fer_ros.perception.parameter_values import typed_value
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import checked_value
from fer_ros.perception.settings import SettingError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar('Kind', bound='DataclassInstance')


def declare_settings(node: Node, kind: type[Kind]) -> Kind:
    """
    Declare a parameter for each setting, and return the initial values.

    :param node: node that the parameters belong to.
    :param kind: a dataclass whose fields are created by `setting`.
    :return: values from the command line and from parameter files, or else the defaults.
    :raises SettingError: if a value is not allowed for its setting.
    """
    values = {}
    for described in fields(kind):
        value = _given_value(node, described)
        # The value has been checked and converted to the declared type.
        node.declare_parameter(described.name, value, descriptor(described), ignore_override=True)
        values[described.name] = checked_value(described, value)
    return kind(**values)


def descriptor(described: Field[Any]) -> ParameterDescriptor:
    """
    Create the descriptor of a setting, which `ros2 param describe` prints.

    :param described: field of the setting.
    :return: descriptor with the description and, for a number, its range.
    """
    made = ParameterDescriptor(
        description=described.metadata['description'], read_only=not described.metadata['live']
    )
    choices = described.metadata['choices']
    if choices:
        made.additional_constraints = f'one of {", ".join(map(str, choices))}'
    bounds = described.metadata['bounds']
    if bounds and isinstance(described.default, float):
        low, high = bounds
        made.floating_point_range = [
            FloatingPointRange(from_value=float(low), to_value=float(high), step=0.0)
        ]
    elif bounds:
        low, high = bounds
        off = described.metadata['off']
        if off is not None:
            # A range of ROS has no gap.
            made.additional_constraints = f'{off}, or from {low} to {high}'
            low = min(low, off)
        made.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return made


class CheckedParameters(Node):
    """
    A node that checks new values of parameters before rclpy does.

    rclpy rejects an int for a double, and does not name the allowed range in its error.
    rclpy also rejects a request that sets a read-only parameter to its current value.
    """

    # The dataclass of the parameters, whose fields are created by `setting`.
    SETTINGS: type[DataclassInstance]

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> SetParametersResult:
        """
        Set all parameters or none of them; the parameter services of the node call this method.

        :param parameter_list: parameters in the request.
        :return: result, with the reason if the values are rejected.
        """
        try:
            checked = [self._checked(given) for given in parameter_list]
        except SettingError as error:
            reason = shortened(error, REASON_LENGTH)
            return SetParametersResult(successful=False, reason=reason)
        changing = [one for one in checked if not self._is_fixed_at(one)]
        if not changing:
            return SetParametersResult(successful=True)
        result = super().set_parameters_atomically(changing)
        result.reason = shortened(result.reason, REASON_LENGTH)
        return result

    def _checked(self, given: Parameter) -> Parameter:
        """Convert a parameter's value to the declared type; SettingError if this is impossible."""
        if not self.has_parameter(given.name):
            near = closest(given.name, self.SETTINGS.__dataclass_fields__)
            raise SettingError(
                f'there is no parameter {quoted(given.name)}{near}; list the parameters with '
                '"ros2 param list"'
            )
        if given.type_ == Parameter.Type.NOT_SET:
            raise SettingError(f'{given.name} has no value; set one')
        described = self.SETTINGS.__dataclass_fields__.get(given.name)
        if described is None:
            return given
        return Parameter(given.name, value=typed_value(described, given.value))

    def _is_fixed_at(self, given: Parameter) -> bool:
        """Check whether a parameter is read-only and already has this value."""
        fixed = self.describe_parameter(given.name).read_only
        return fixed and self.get_parameter(given.name).value == given.value


def apply_live(
    node: Node,
    kind: type[DataclassInstance],
    apply: Callable[[dict[str, Any]], None],
    refusals: tuple[type[Exception], ...],
) -> None:
    """
    Apply new values of settings immediately, or reject them with the reason.

    :param node: node that the parameters belong to.
    :param kind: dataclass of the settings.
    :param apply: called with the new values by their names; an error rejects the values.
    :param refusals: errors that invalid values cause. All other errors are also logged.
    """
    known = {field.name for field in fields(kind)}

    def on_parameters(parameters: Sequence[Parameter]) -> SetParametersResult:
        values = {given.name: given.value for given in parameters if given.name in known}
        try:
            apply(values)
        except refusals as error:
            reason = shortened(error, REASON_LENGTH)
            return SetParametersResult(successful=False, reason=reason)
        except Exception as error:  # an error of a library must not end the node
            reason = described_error(error)
            node.get_logger().error(f'cannot set {", ".join(values)}: {reason}')
            return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(on_parameters)


def _given_value(node: Node, described: Field[Any]) -> Any:
    """Return the initial value of a setting: the user's value, or else the default."""
    # A parameter with a fixed type rejects 1 for 1.0 before the value can be converted. With
    # dynamic typing, the value can be read in its original type.
    loose = ParameterDescriptor(dynamic_typing=True)
    given = node.declare_parameter(described.name, described.default, loose).value
    node.undeclare_parameter(described.name)
    return given_value(described, given)
