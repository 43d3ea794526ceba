"""The tests of the camera node need ROS."""

import importlib.util
import os
from pathlib import Path
import subprocess
import sys

import cv2
import numpy as np
import pytest

# `pytest test/perception` works without ROS. These tests are ignored without ROS.
collect_ignore_glob = [] if importlib.util.find_spec('rclpy') else ['*']

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def camera(graph):
    """Return a function that starts a camera node with parameters and can remap `image`."""
    from rclpy.parameter import Parameter

    from fer_ros.camera.camera_node import CameraNode

    def start(remap_to=None, namespace=None, **parameters):
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        arguments = ['--ros-args', '-r', f'image:={remap_to}'] if remap_to else None
        return graph.add(
            CameraNode(
                context=graph.context,
                namespace=namespace,
                parameter_overrides=overrides,
                cli_args=arguments,
            )
        )

    return start


@pytest.fixture
def folder(tmp_path):
    """Create a folder with three pictures of gray level 10, 20 and 30, in two sizes."""
    made = tmp_path / 'pictures'
    made.mkdir()
    for level, name in [(30, '10.png'), (20, '9.png'), (10, '1.png')]:
        height = 48 if level < 30 else 20
        assert cv2.imwrite(str(made / name), np.full((height, 64, 3), level, np.uint8))
    return made


@pytest.fixture
def video(tmp_path):
    """Create a video of six images. Image n has the gray level 40 n."""
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10, (64, 48))
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no video')
    for index in range(6):
        writer.write(np.full((48, 64, 3), 40 * index, np.uint8))
    writer.release()
    return path


@pytest.fixture
def run(domain_id, tmp_path):
    """Return a function that starts the executable like a user does."""
    started = []

    def start(*words, **parameters):
        pairs = [('-p', f'{key}:={value}') for key, value in parameters.items()]
        arguments = [word for pair in pairs for word in pair]
        process = subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.camera.camera_node', '--ros-args', *arguments, *words],
            env={
                **os.environ,
                'ROS_DOMAIN_ID': str(domain_id),
                'PYTHONPATH': os.pathsep.join(filter(None, [str(ROOT), *sys.path])),
            },
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
