"""Measure the positions of the faces by a depth camera, and publish them."""

from __future__ import annotations

import importlib
from threading import RLock
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from fer_ros.messages.markers import to_markers
from fer_ros.messages.positions import located
from fer_ros.messages.stamps import stamp_of
from fer_ros.messages.topic_names import is_rectified
from fer_ros.node.health.statistics import Statistics
from fer_ros.node.inputs.depth_listener import CAMERA_INFO
from fer_ros.node.inputs.depth_listener import DEPTH
from fer_ros.node.inputs.depth_listener import DepthListener
from fer_ros.node.life.errors import described
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.node.outputs.cloud import to_cloud
from fer_ros.node.outputs.cloud import working_point_cloud2
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.perception.space.camera_model import CalibrationError
from fer_ros.perception.space.depth import DepthError
from fer_ros.perception.space.stamp_buffer import SLACK

# Log the same warning about depth at most once per this many seconds.
COMPLAINT_PERIOD = 5.0

# Missing depth is reported after this many consecutive frames. The first images may arrive before
# the first depth image, and a depth image may be lost.
MOST_MISSES = 30


class FacePositions:
    """Adds positions to faces while a depth camera is available, and costs nothing otherwise."""

    def __init__(self, node: Node, statistics: Statistics) -> None:
        """
        Create the object, without subscriptions and publishers.

        :param node: node that the subscriptions and publishers belong to.
        :param statistics: statistics whose last error is set when depth has a problem.
        """
        self._node = node
        self._statistics = statistics
        self._listener = DepthListener(node)
        # This lock is held while messages are published, and while subscriptions and publishers
        # are created or destroyed. The worker, the timer and the transitions each run in a thread
        # of their own.
        self._lock = RLock()
        self._active = False
        self._cloud: Publisher | None = None
        self._markers: Publisher | None = None
        self._point_cloud2: Any = None
        self._misses = 0
        self._told = ''
        self._told_missing = False

    def start(self) -> None:
        """Subscribe now or later, when depth and calibration are published."""
        with self._lock:
            self._active = True
            self.follow()

    def follow(self) -> None:
        """Subscribe, and create the publishers, while depth and calibration are published."""
        with self._lock:
            if not self._active:
                return
            was_listening = self._listener.listening
            self._listener.follow()
            if self._listener.listening and not was_listening:
                self._offer()
            elif was_listening and not self._listener.listening:
                self._withdraw()

    def stop(self) -> None:
        """End the subscriptions, and destroy the publishers."""
        with self._lock:
            self._active = False
            self._listener.stop()
            self._withdraw()

    def expect(self, header: Header) -> None:
        """
        Keep the depth image and the calibration of an image until the image is processed.

        :param header: header of the image.
        """
        if self._listener.listening:
            self._listener.depths.expect(stamp_of(header))
            self._listener.calibrations.expect(stamp_of(header))

    def locate(self, header: Header, result: FrameResult) -> FrameResult:
        """
        Add positions to the faces of an image, without waiting for depth.

        :param header: header of the image.
        :param result: result of the image.
        :return: result with positions; a position is None where it is unknown.
        """
        if not result.faces or not self._listener.listening:
            return result
        try:
            found = self._find(header)
            if found is None:
                return result
            rectified = is_rectified(self._listener.topic('image'))
            result = located(result, *found, rectified)
        except Exception as error:  # a problem with depth must not prevent the result of the image
            known = isinstance(error, (DepthError, CalibrationError))
            reason = shortened(error) if known else described(error)
            self._complain(f'faces have no positions: {reason}')
            return result
        self._take_back()
        return result

    def publish(self, header: Header, result: FrameResult, _: np.ndarray) -> None:
        """
        Publish the positions, on topics that have a subscriber.

        :param header: header of the image.
        :param result: result of the image.
        """
        with self._lock:
            if self._cloud is not None and self._cloud.get_subscription_count():
                self._cloud.publish(to_cloud(self._point_cloud2, header, result))
            if self._markers is not None and self._markers.get_subscription_count():
                self._markers.publish(to_markers(MESSAGE_TYPES, header, result))

    def _find(self, header: Header) -> tuple[Image, CameraInfo] | None:
        """Find the depth image and the calibration for an image; None if one is missing."""
        stamp = stamp_of(header)
        # A calibration is valid until the next one. Some publishers send it only once.
        calibration = self._listener.calibrations.nearest(stamp)
        depth = self._listener.depths.nearest(stamp)
        if calibration is None or depth is None or abs(depth[0] - stamp) > SLACK:
            self._misses += 1
            if self._misses >= MOST_MISSES:
                self._complain(f'faces have no positions: {self._missing(stamp)}')
            return None
        self._misses = 0
        self._compare_frames(header, depth[1])
        return depth[1], calibration[1]

    def _missing(self, stamp: int) -> str:
        """Describe which input is missing for an image with the given timestamp in nanoseconds."""
        depth = self._listener.depths.nearest(stamp)
        for name, found in (
            (DEPTH, depth),
            (CAMERA_INFO, self._listener.calibrations.nearest(stamp)),
        ):
            if found is None:
                return f'{self._listener.topic(name)} is published, but nothing came yet'
        assert depth is not None
        return (
            f'the nearest image on {self._listener.topic(DEPTH)} is '
            f'{abs(depth[0] - stamp) / 1e9:.3f} s from the image, not {SLACK / 1e9:g} s or less: '
            'both must be stamped by one clock, at 10 Hz or more'
        )

    def _compare_frames(self, header: Header, depth: Image) -> None:
        """Log a warning if the depth image does not seem to be registered to the image."""
        ours, theirs = header.frame_id, depth.header.frame_id
        if ours != theirs:
            self._node.get_logger().warning(
                f'depth is in the frame {quoted(theirs)}, the image in {quoted(ours)}: positions '
                'are wrong unless the depth image is registered to the image',
                once=True,
            )

    def _complain(self, sentence: str) -> None:
        """Report a problem with depth; the frames are still processed."""
        if sentence != self._told:
            self._statistics.last_error = sentence
            self._told = sentence
        self._node.get_logger().warning(sentence, throttle_duration_sec=COMPLAINT_PERIOD)

    def _take_back(self) -> None:
        """Clear the last error if it is about depth, because depth works again."""
        if self._told and self._statistics.last_error == self._told:
            self._statistics.last_error = ''
        self._told = ''

    def _offer(self) -> None:
        """Create the publishers whose message packages are installed."""
        self._point_cloud2, no_cloud = working_point_cloud2()
        marker_array, no_markers = working_marker_array()
        if self._point_cloud2 is not None:
            self._cloud = self._node.create_publisher(PointCloud2, 'emotion/faces', 10)
        if marker_array is not None:
            self._markers = self._node.create_publisher(marker_array, 'emotion/markers', 10)
        missing = {'emotion/faces': no_cloud, 'emotion/markers': no_markers}
        if not self._told_missing:
            for topic, reason in missing.items():
                if reason:
                    self._node.get_logger().warning(f'{topic} is not offered: {shortened(reason)}')
        self._told_missing = True

    def _withdraw(self) -> None:
        """Destroy the publishers."""
        self._take_back()
        for publisher in (self._cloud, self._markers):
            if publisher is not None:
                self._node.destroy_publisher(publisher)
        self._cloud = self._markers = None


def working_marker_array() -> tuple[Any, str]:
    """
    Import visualization_msgs, which a small ROS installation may lack.

    :return: the class MarkerArray and '', or None and the reason why it cannot be imported.
    """
    try:
        return importlib.import_module('visualization_msgs.msg').MarkerArray, ''
    except Exception as error:  # a broken import can raise any exception
        return None, described(error)
