"""Change parameters of a running node."""

import threading

from rcl_interfaces.srv import SetParametersAtomically
from rclpy.parameter import Parameter


def set_parameters(graph, **values):
    """Set parameters through the service, like `ros2 param set`, and return the result."""
    node = graph.listener('setter')
    client = node.create_client(SetParametersAtomically, '/emotion/set_parameters_atomically')
    assert client.wait_for_service(60)
    parameters = [
        Parameter(name, value=value).to_parameter_msg() for name, value in values.items()
    ]
    answered = threading.Event()
    future = client.call_async(SetParametersAtomically.Request(parameters=parameters))
    future.add_done_callback(lambda _: answered.set())
    assert answered.wait(60)
    return future.result().result
