"""Check ROS, its messages and a camera."""

from __future__ import annotations

from collections.abc import Iterator
import importlib
import importlib.util
import os

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.perception.quoting import shortened

MESSAGES = ('sensor_msgs', 'vision_msgs', 'diagnostic_msgs', 'lifecycle_msgs')

# Optional packages, each with the topic that needs it.
OPTIONAL = {
    'sensor_msgs_py': 'emotion/faces (positions of faces as points)',
    'visualization_msgs': 'emotion/markers (positions of faces for RViz)',
    'hri_msgs': 'the topics of REP 155 (parameter ros4hri)',
}


def check_ros(
    topic: str, seconds: float, args: list[str] | None = None, required: bool = False
) -> Iterator[Finding]:
    """
    Check ROS and its messages, and subscribe to the camera.

    :param topic: image topic.
    :param seconds: duration of the camera check [s].
    :param args: ROS arguments for remapping, starting with '--ros-args'; None for none.
    :param required: whether a topic without a publisher is a failure.
    """
    try:
        from fer_ros.doctor.graph_check import check_camera
    except ImportError as error:
        reason = shortened(error)
        yield Finding(
            FAIL, 'ROS 2', f'{reason}; source the setup.bash of ROS and that of the workspace'
        )
        return
    distribution = os.environ.get('ROS_DISTRO') or 'ROS_DISTRO is not set'
    yield Finding(OK, 'ROS 2', shortened(distribution))
    yield from check_messages()
    yield from check_camera(topic, seconds, args, required)


def check_messages() -> Iterator[Finding]:
    """Check the message packages and cv_bridge. This check needs sensor_msgs."""
    from fer_ros.node.inputs.images import working_bridge

    for package in MESSAGES:
        try:
            importlib.import_module(f'{package}.msg')
        except ImportError as error:
            name = package.replace('_', '-')
            reason = shortened(error)
            yield Finding(
                FAIL, package, f'{reason}; install it with: apt install ros-$ROS_DISTRO-{name}'
            )
        else:
            yield Finding(OK, package, 'installed')
    for package, offer in OPTIONAL.items():
        there = importlib.util.find_spec(package) is not None
        told = 'installed' if there else f'not installed; not published: {offer}'
        yield Finding(OK, package, told)
    bridge, reason = working_bridge()
    if bridge is None:
        told = f'not used ({shortened(reason)}); the node decodes images itself'
        yield Finding(OK, 'cv_bridge', told)
    else:
        yield Finding(OK, 'cv_bridge', 'works with this NumPy')
