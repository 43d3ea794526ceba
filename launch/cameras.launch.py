"""
Start an emotion node for each of several cameras, each in a namespace of the camera's name.

    ros2 launch fer_ros cameras.launch.py cameras:=front,back image_topic:=image_raw

listens to /front/image_raw and /back/image_raw, and publishes /front/emotion and /back/emotion.

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

# What starts one camera's nodes; installed beside this file.
ONE_CAMERA = Path(__file__).with_name('emotion.launch.py')

# Stands for the camera's name in the name of a topic.
PLACE = '{camera}'

CAMERAS = 'Names of the cameras, with commas between them: front,back.'

# Of each argument that may be left out its default, and what `--show-args` says of it.
ARGUMENTS = {
    'sources': (
        '',
        'Start camera nodes on these sources, one for each camera, with commas between them: '
        '/dev/video0,/dev/video2; empty: none.',
    ),
    'image_topic': (
        'image',
        "Topic of the camera images, in each camera's namespace; or with {camera} in the place "
        "of the camera's name, such as /robot/{camera}/image_raw.",
    ),
    'depth_topic': ('depth', 'Likewise, of the registered depth images.'),
    'camera_info_topic': ('camera_info', 'Likewise, of the calibrations.'),
    'required': (
        'false',
        'Whether a configuration error of one node (exit status 2) ends the whole launch, with '
        'exit status 1; false: the nodes of the other cameras keep running.',
    ),
}

# These go to emotion.launch.py as they are; empty: its own default.
PASSED_ON = {
    'params_file': "File with the parameters of the nodes; a camera's own stand under /front/**.",
    'model': 'Emotion model of all cameras, by its name or path.',
    'backend': 'What runs the model, litert for example.',
    'use_sim_time': 'Whether the time is that of /clock: true or false.',
    'log_level': 'How much the nodes say: debug, info, warn, error or fatal.',
    'respawn': 'Whether a node that ends is restarted after 1 s: true or false. A node that ends '
    'because of a configuration error (exit status 2) is never restarted.',
}

# A name of ROS, or several in a row.
NAME = re.compile(r'[A-Za-z_]\w*(/[A-Za-z_]\w*)*', re.ASCII)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; what they say makes the nodes."""
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
    """Include the launch file of one camera for each."""
    given = {
        name: LaunchConfiguration(name).perform(context)
        for name in ('cameras', *ARGUMENTS, *PASSED_ON)
    }
    cameras = camera_names(given['cameras'])
    sources = listed(given['sources'])
    if sources and len(sources) != len(cameras):
        raise ValueError(f'sources has {len(sources)} entries, not {len(cameras)} as cameras has')
    return [
        include(given, camera, source, several=len(cameras) > 1)
        for camera, source in zip(cameras, sources or [''] * len(cameras), strict=True)
    ]


def include(
    given: dict[str, str], camera: str, source: str, several: bool
) -> LaunchDescriptionEntity:
    """Include the launch file of one camera, in a scope of its own, as the others have theirs."""
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
    Read the names of the cameras.

    :param value: with commas between them.
    :raises ValueError: if one is no name, or stands there twice.
    """
    names = [name.strip('/') for name in listed(value)]
    for name in names:
        if not NAME.fullmatch(name):
            raise ValueError(f"cameras has '{name}', not a name of letters, digits and _")
    if not names or len(set(names)) < len(names):
        raise ValueError(f"cameras is '{value}', not names that differ, such as front,back")
    return names


def topic_of(camera: str, argument: str, topic: str, several: bool) -> str:
    """Name a camera's topic; one that all cameras would share is refused."""
    if PLACE not in topic and topic.startswith('/') and several:
        raise ValueError(
            f"{argument} is '{topic}', the same for every camera; leave the first / away, or "
            f'write {PLACE} for the name'
        )
    return topic.replace(PLACE, camera)


def listed(value: str) -> list[str]:
    """Split a list at its commas."""
    return [part.strip() for part in value.split(',') if part.strip()]
