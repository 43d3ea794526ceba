"""Switch the topics of REP 155 on and off; they require hri_msgs."""

from __future__ import annotations

from collections.abc import Callable
import os
from threading import Lock
from typing import Any

import numpy as np
from rclpy.node import Node
from std_msgs.msg import Header

from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.masking.regions import COLOUR
from fer_ros.perception.settings import SettingError
from fer_ros.perception.settings import Settings


class Ros4Hri:
    """Publishes faces under /humans while switched on; all methods are thread-safe."""

    def __init__(self, node: Node, settings: Callable[[], Settings]) -> None:
        """
        Create the switch, in the off state.

        :param node: node that the publishers belong to.
        :param settings: returns the current settings.
        """
        self._node = node
        self._settings = settings
        self._lock = Lock()
        self._humans: Any = None

    def switch(self, on: bool) -> None:
        """
        Create or destroy the publishers.

        :param on: True to create the publishers, False to destroy them.
        :raises SettingError: if hri_msgs is not installed.
        """
        with self._lock:
            if on and self._humans is None:
                self._humans = load_humans()(self._node, lambda: self._settings().face_image_size)
            elif not on and self._humans is not None:
                self._humans.destroy()
                self._humans = None

    def publish(self, header: Header, result: FrameResult, image: np.ndarray) -> None:
        """
        Publish the faces of an image while switched on; see `Humans.publish`.

        If the annotated image does not show faces, no other topic shows them either.
        """
        with self._lock:
            if self._humans is not None:
                if self._settings().draw != 'boxes':
                    # This array has the shape of the image, but the memory of one pixel.
                    image = np.broadcast_to(np.array(COLOUR, np.uint8), image.shape)
                self._humans.publish(header, result, image)


def load_humans() -> Any:
    """
    Import the class that publishes messages of hri_msgs.

    :return: `fer_ros.node.outputs.humans.Humans`.
    :raises SettingError: if hri_msgs is not installed.
    """
    try:
        from fer_ros.node.outputs.humans import Humans
    except ImportError as error:
        distribution = os.environ.get('ROS_DISTRO', 'jazzy')
        raise SettingError(
            f'ros4hri needs hri_msgs, which cannot be imported ({error}): '
            f'apt install ros-{distribution}-hri-msgs'
        ) from error
    return Humans
