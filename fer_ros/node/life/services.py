"""Make the services of a node respond to every request."""

from __future__ import annotations

from collections.abc import Callable
import re
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.service import Service

from fer_ros.node.life.errors import described
from fer_ros.node.life.errors import ErrorLog
from fer_ros.node.life.errors import REASON_LENGTH
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

Answer = Callable[[Any, Any], Any]

PARAMETER_TYPES = frozenset(one.value for one in Parameter.Type)
LABEL = re.compile(r'\w{1,80}', re.ASCII)
TYPE_HASH = re.compile('RIHS[0-9]{2}_[0-9a-f]{64}')


class RequestError(ValueError):
    """A request that is rejected before the callback of the service is called."""


def guard_services(node: Node) -> None:
    """
    Make each service of a node respond to every request, even if its callback raises an error.

    The response to such a request contains the reason of the error.
    If the response has no field for the reason, the response is empty and the reason is logged.
    The callbacks of rclpy's own services raise errors, for example for a parameter of an unknown
    type.
    Without a response, the client would wait for ever.

    :param node: node with all its services.
    """
    errors = ErrorLog()
    for service in node.services:
        answer = _guarded(node, service, errors)
        service.callback = _each_alone(answer) if service.srv_type is SetParameters else answer


def _guarded(node: Node, service: Service, errors: ErrorLog) -> Answer:
    """Wrap a service callback so that its errors become responses."""
    callback = service.callback
    kind: Any = service.srv_type

    def answer(request: Any, response: Any) -> Any:
        try:
            _check(request)
            return callback(request, response)
        except ExternalShutdownException:
            raise
        except Exception as error:
            expected = isinstance(error, RequestError)
            reason = shortened(error, REASON_LENGTH) if expected else described(error)
            refused = kind.Response()
            explained = _explain(refused, reason)
            if node.context.ok() and not (expected and explained):
                name = node.resolve_service_name(service.srv_name)
                errors.report(node.get_logger(), f'a request to {name}', error)
            return refused

    return answer


def _each_alone(answer: Answer) -> Answer:
    """Wrap a callback to set each parameter separately, so that each result has its own reason."""

    def answer_all(request: SetParameters.Request, response: SetParameters.Response) -> Any:
        for parameter in request.parameters:
            alone = SetParameters.Request(parameters=[parameter])
            response.results.extend(answer(alone, SetParameters.Response()).results)
        return response

    return answer_all


def _check(request: Any) -> None:
    """Reject a request that rclpy cannot read, or whose text rcl would log unchanged."""
    if isinstance(request, (SetParameters.Request, SetParametersAtomically.Request)):
        for one in request.parameters:
            if one.value.type not in PARAMETER_TYPES:
                raise RequestError(
                    f'the value of {quoted(one.name)} has the type {one.value.type}, but must '
                    'have a type of rcl_interfaces/msg/ParameterType (1 to 9)'
                )
    elif isinstance(request, ChangeState.Request):
        label = request.transition.label
        if label and not LABEL.fullmatch(label):
            raise RequestError(
                f'{quoted(label)} is not the label of a transition, such as configure or activate'
            )
    elif hasattr(request, 'type_hash') and not TYPE_HASH.fullmatch(request.type_hash):
        # Only requests of type GetTypeDescription have this field. Humble does not have this
        # service type.
        raise RequestError(
            f'the type_hash is {quoted(request.type_hash)}, but must be RIHS01_ and 64 '
            'hexadecimal digits'
        )


def _explain(response: Any, reason: str) -> bool:
    """Write the reason of an error to a response; return False if it has no such field."""
    refused = SetParametersResult(successful=False, reason=reason)
    if isinstance(response, SetParameters.Response):
        response.results = [refused]
    elif isinstance(response, SetParametersAtomically.Response):
        response.result = refused
    elif hasattr(response, 'failure_reason'):
        response.failure_reason = reason
    else:
        return False
    return True
