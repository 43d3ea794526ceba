"""
Start the emotion node and, optionally, a camera node.

    ros2 launch fer_ros emotion.launch.py image_topic:=/camera/image_raw
    ros2 launch fer_ros emotion.launch.py camera:=/dev/video0

`ros2 launch fer_ros emotion.launch.py --show-args` lists the arguments.
"""

from __future__ import annotations

from functools import partial
import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext
from launch import LaunchDescription
from launch import LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument
from launch.actions import EmitEvent
from launch.actions import OpaqueFunction
from launch.actions import SetEnvironmentVariable
from launch.events import matches_action
from launch.events.process import ProcessExited
from launch.events.process import ShutdownProcess
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

# Delay between the end of a node and its restart [s]. The delay is short, so that a robot soon
# detects faces again. A node that crashes at every start does not flood the log.
RESPAWN_DELAY = 1.0

# Exit status of a node that cannot start because a parameter, a model, a source or an argument is
# wrong. A test checks that CONFIGURATION_ERROR in fer_ros/node/life/process.py has the same value.
CONFIGURATION_ERROR = 2

# Environment variables for the profile of Fast DDS: the first up to Jazzy, the second from Kilted.
# Kilted logs a warning if the first one is set.
PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
FIRST_VARIABLE_ONLY = ('humble', 'iron', 'jazzy')

SHARE = Path(get_package_share_directory('fer_ros'))

# Default value and description of each argument; `--show-args` prints both.
ARGUMENTS = {
    'image_topic': (
        'image',
        'Topic of the camera images: raw images, or compressed images (JPEG, PNG) under any name.',
    ),
    'depth_topic': ('depth', 'Topic of depth images registered to the camera images (optional).'),
    'camera_info_topic': ('camera_info', 'Topic of the camera calibration; needed for depth.'),
    'params_file': (
        str(SHARE / 'config' / 'emotion.yaml'),
        'File with the parameters of the nodes.',
    ),
    'namespace': ('', 'Namespace of the nodes and of their topics.'),
    'model': ('', 'Emotion model, as name or path; empty: use the parameter file.'),
    'backend': (
        '',
        'Back end that runs the model, such as litert; empty: use the parameter file.',
    ),
    'camera': (
        '',
        'Source of a camera node to start: astronaut, a device number or /dev/video*, a video, a '
        'folder of pictures, a picture, an address such as rtsp://... or a GStreamer description; '
        'empty: start none.',
    ),
    'use_sim_time': (
        '',
        'Whether the nodes use the time of /clock, for a recording or a simulation: true or '
        'false; empty: use the parameter file.',
    ),
    'log_level': ('info', 'Log level of the nodes: debug, info, warn, error or fatal.'),
    'respawn': (
        'true',
        'Whether a node that ends is restarted after 1 s; a node that ends because of a '
        'configuration error (exit status 2) is never restarted.',
    ),
    'required': (
        'true',
        'Whether a configuration error of a node (exit status 2) ends the whole launch, with exit '
        'status 1. Set it to false in a launch file that includes this one if the other nodes '
        'must keep running.',
    ),
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; an opaque function creates the nodes from their values."""
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value=default, description=description)
                for name, (default, description) in ARGUMENTS.items()
            ),
            *shared_memory_profile(),
            OpaqueFunction(function=make_nodes),
        ]
    )


def shared_memory_profile() -> list[LaunchDescriptionEntity]:
    """
    Set a Fast DDS profile with enough shared memory for images, unless a profile is set.

    Without the profile, most best-effort images are lost between two processes.

    :return: actions that set the environment variables; empty if the user has set a profile.
    """
    if any(os.environ.get(variable) for variable in PROFILE_VARIABLES):
        return []
    profile = str(SHARE / 'config' / 'fastdds.xml')
    old = os.environ.get('ROS_DISTRO', 'jazzy') in FIRST_VARIABLE_ONLY
    return [SetEnvironmentVariable(PROFILE_VARIABLES[0 if old else 1], profile)]


def make_nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """
    Create the nodes from the values of the arguments.

    :param context: context of the launch.
    :return: the emotion node and, if the argument `camera` is set, the camera node.
    """
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    if not Path(given['params_file']).is_file():
        raise FileNotFoundError(f"the parameter file '{given['params_file']}' does not exist")
    common = {
        'package': 'fer_ros',
        'namespace': given['namespace'],
        'output': 'screen',
        'emulate_tty': True,
        'respawn': truth('respawn', given['respawn']),
        'respawn_delay': RESPAWN_DELAY,
        'on_exit': partial(
            handle_configuration_error, required=truth('required', given['required'])
        ),
        'arguments': ['--ros-args', '--log-level', given['log_level']],
    }
    # Later entries of a node's parameters override earlier ones.
    overrides = [{name: text(given[name])} for name in ('model', 'backend') if given[name]]
    clock = []
    if given['use_sim_time']:
        clock = [{'use_sim_time': truth('use_sim_time', given['use_sim_time'])}]
    nodes = [
        Node(
            executable='emotion_node',
            name='emotion',
            parameters=[given['params_file'], *clock, *overrides],
            remappings=[
                (name, given[f'{name}_topic']) for name in ('image', 'depth', 'camera_info')
            ],
            **common,
        )
    ]
    if given['camera']:
        nodes.append(
            Node(
                executable='camera_node',
                name='camera',
                parameters=[
                    {'loop': True},
                    given['params_file'],
                    *clock,
                    {'source': text(given['camera'])},
                ],
                remappings=[('image', raw_topic(given['image_topic']))],
                **common,
            )
        )
    return nodes


def handle_configuration_error(
    event: ProcessExited, context: LaunchContext, required: bool
) -> EmitEvent | None:
    """
    End the launch, or prevent the restart, after a configuration error of a node.

    launch restarts a process after any exit status, but waits for RESPAWN_DELAY first.
    Shutting the process down during that time cancels the restart.

    :param event: end of a node's process, with any exit status.
    :param context: context of the launch.
    :param required: True to end the launch.
    :return: event that cancels the restart; None if the process ended for another reason, or if
        the launch is already shutting down.
    :raises RuntimeError: if the launch must end. An exception is the only way to make `ros2
        launch` end with exit status 1.
    """
    if event.returncode != CONFIGURATION_ERROR or context.is_shutdown:
        return None
    cause = 'a configuration error (exit status 2); the node logged the reason as FATAL'
    if required:
        raise RuntimeError(
            f'{event.process_name} ended because of {cause}. The launch ends because the argument '
            'required is true'
        )
    get_logger(event.process_name).error(
        f'will not be restarted because of {cause}. The other nodes keep running'
    )
    return EmitEvent(event=ShutdownProcess(process_matcher=matches_action(event.action)))


def raw_topic(topic: str) -> str:
    """
    Return the topic on which the camera node must publish raw images.

    The camera node appends /compressed to this name for its compressed images.

    :param topic: value of the argument `image_topic`.
    :return: the topic without the suffix /compressed, if it has this suffix.
    """
    return topic.removesuffix('/compressed') or topic


def text(value: str) -> ParameterValue:
    """Return a parameter value that remains a string, even if it looks like a number."""
    return ParameterValue(value, value_type=str)


def truth(name: str, value: str) -> bool:
    """Parse an argument that is true or false."""
    words = {'true': True, '1': True, 'false': False, '0': False}
    if value.lower() not in words:
        raise ValueError(f"{name} is '{value}', but must be true or false")
    return words[value.lower()]
