"""
Start an emotion node for each of several cameras, in a namespace named after the camera.

    ros2 launch fer_ros cameras.launch.py cameras:=front,back image_topic:=image_raw

This example subscribes to /front/image_raw and /back/image_raw.
It publishes /front/emotion and /back/emotion.

`ros2 launch fer_ros cameras.launch.py --show-args` lists the arguments.
"""

from __future__ import annotations

from pathlib import Path
import re

from launch import LaunchContext
from launch import LaunchDescription
from launch import LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument
from launch.actions import GroupAction
from launch.actions import IncludeLaunchDescription
from launch.actions import OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

# The launch file for one camera, installed in the same folder as this file.
ONE_CAMERA = Path(__file__).with_name('emotion.launch.py')

# Placeholder for the camera's name in the name of a topic.
PLACE = '{camera}'

CAMERAS = 'Names of the cameras, separated by commas: front,back.'

# Default value and description of each optional argument; `--show-args` prints both.
ARGUMENTS = {
    'sources': (
        '',
        'Sources of camera nodes to start, one for each camera, separated by commas: '
        '/dev/video0,/dev/video2; a source must not contain a comma; empty: start none.',
    ),
    'image_topic': (
        'image',
        'Topic of the camera images, in the namespace of each camera; {camera} stands for the '
        'name of the camera, as in /robot/{camera}/image_raw.',
    ),
    'depth_topic': (
        'depth',
        'Topic of the depth images registered to the camera images; named as image_topic.',
    ),
    'camera_info_topic': (
        'camera_info',
        'Topic of the camera calibrations; named as image_topic.',
    ),
    'required': (
        'false',
        'Whether a configuration error of one node (exit status 2) ends the whole launch, with '
        'exit status 1; false: the nodes of the other cameras keep running.',
    ),
}

# These arguments are passed to emotion.launch.py. An empty value selects the default of
# emotion.launch.py.
PASSED_ON = {
    'params_file': 'File with the parameters of the nodes; the section /front/** applies only to '
    'the camera front.',
    'model': 'Emotion model for all cameras, as name or path.',
    'backend': 'Back end that runs the model, such as litert.',
    'use_sim_time': 'Whether the nodes use the time of /clock: true or false.',
    'log_level': 'Log level of the nodes: debug, info, warn, error or fatal.',
    'respawn': 'Whether a node that ends is restarted after 1 s: true or false. A node that ends '
    'because of a configuration error (exit status 2) is never restarted.',
}

# A ROS name, or several names separated by slashes.
NAME = re.compile(r'[A-Za-z_]\w*(/[A-Za-z_]\w*)*', re.ASCII)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; an opaque function creates the nodes from their values."""
    return LaunchDescription(
        [
            DeclareLaunchArgument('cameras', description=CAMERAS),
            *(
                DeclareLaunchArgument(name, default_value=default, description=description)
                for name, (default, description) in ARGUMENTS.items()
            ),
            *(
                DeclareLaunchArgument(name, default_value='', description=description)
                for name, description in PASSED_ON.items()
            ),
            OpaqueFunction(function=make_cameras),
        ]
    )


def make_cameras(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """
    Include emotion.launch.py once for each camera.

    :param context: context of the launch.
    :return: one action per camera.
    :raises ValueError: if the arguments `cameras` and `sources` do not match, or a value is
        invalid.
    """
    given = {
        name: LaunchConfiguration(name).perform(context)
        for name in ('cameras', *ARGUMENTS, *PASSED_ON)
    }
    cameras = camera_names(given['cameras'])
    sources = listed(given['sources'])
    if sources and len(sources) != len(cameras):
        raise ValueError(
            f'sources has {len(sources)} entries, but must have {len(cameras)}, as cameras has'
        )
    return [
        include(given, camera, source, several=len(cameras) > 1)
        for camera, source in zip(cameras, sources or [''] * len(cameras), strict=True)
    ]


def include(
    given: dict[str, str], camera: str, source: str, several: bool
) -> LaunchDescriptionEntity:
    """
    Include emotion.launch.py for one camera, in a launch scope of its own.

    :param given: values of all arguments by name.
    :param camera: name of the camera.
    :param source: source of its camera node; empty for none.
    :param several: whether there is more than one camera.
    :return: action that includes the launch file.
    """
    arguments = {
        'namespace': camera,
        'camera': source,
        'required': given['required'],
        **{
            name: topic_of(camera, name, given[name], several)
            for name in ARGUMENTS
            if name.endswith('_topic')
        },
        **{name: given[name] for name in PASSED_ON if given[name]},
    }
    return GroupAction(
        [
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(str(ONE_CAMERA)),
                launch_arguments=arguments.items(),
            )
        ],
        scoped=True,
        forwarding=False,
    )


def camera_names(value: str) -> list[str]:
    """
    Parse the names of the cameras.

    :param value: names separated by commas.
    :return: names without leading and trailing slashes.
    :raises ValueError: if a name is invalid or occurs twice, or if there is no name.
    """
    names = [name.strip('/') for name in listed(value)]
    for name in names:
        if not NAME.fullmatch(name):
            raise ValueError(
                f"cameras contains '{name}', but a name may have only letters, digits and _"
            )
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"cameras is '{value}', but must be a list of different names, such as front,back"
        )
    return names


def topic_of(camera: str, argument: str, topic: str, several: bool) -> str:
    """
    Return the name of a camera's topic.

    :param camera: name of the camera.
    :param argument: name of the launch argument, for the error message.
    :param topic: value of the argument, which may contain PLACE.
    :param several: whether there is more than one camera.
    :raises ValueError: if several cameras would share the topic.
    """
    if PLACE not in topic and topic.startswith('/') and several:
        raise ValueError(
            f"{argument} is '{topic}', the same topic for all cameras; omit the leading /, or "
            f'write {PLACE} for the name of the camera'
        )
    return topic.replace(PLACE, camera)


def listed(value: str) -> list[str]:
    """Split a list at its commas, and drop empty parts."""
    return [part.strip() for part in value.split(',') if part.strip()]
