"""Where in space the faces are: what is needed to tell, and what is told of it."""

from __future__ import annotations

import importlib
from threading import RLock
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from fer_ros.messages.markers import to_markers
from fer_ros.node.health.statistics import Statistics
from fer_ros.node.inputs.calibration import is_rectified
from fer_ros.node.inputs.calibration import to_camera_model
from fer_ros.node.inputs.depth_listener import CAMERA_INFO
from fer_ros.node.inputs.depth_listener import DEPTH
from fer_ros.node.inputs.depth_listener import DepthListener
from fer_ros.node.inputs.depth_listener import SLACK
from fer_ros.node.inputs.depth_listener import stamp_of
from fer_ros.node.life.errors import described
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.node.outputs.cloud import to_cloud
from fer_ros.node.outputs.cloud import working_point_cloud2
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.perception.space.camera_model import CalibrationError
from fer_ros.perception.space.camera_model import CameraModel
from fer_ros.perception.space.depth import decode_depth
from fer_ros.perception.space.depth import DepthError
from fer_ros.perception.space.depth import DepthImage
from fer_ros.perception.space.depth import locate_face

# Of the same complaint, one in this time is logged [s].
COMPLAINT_PERIOD = 5.0

# After this many frames in a row with nothing to measure by, that is told; the first images may
# come before the first depth, and one depth image may be lost.
MOST_MISSES = 30


class FacePositions:
    """Gives faces their positions while a depth camera is there; else costs nothing."""

    def __init__(self, node: Node, statistics: Statistics) -> None:
        """
        Prepare; there are no subscriptions and no topics yet.

        :param node: that they will belong to.
        :param statistics: get what is wrong with depth as the last error.
        """
        self._node = node
        self._statistics = statistics
        self._listener = DepthListener(node)
        # Held while something is published, and while subscriptions and topics come and go: the
        # worker, the timer and the transitions each have a thread of their own.
        self._lock = RLock()
        self._active = False
        self._cloud: Publisher | None = None
        self._markers: Publisher | None = None
        self._point_cloud2: Any = None
        self._misses = 0
        self._told = ''
        self._told_missing = False

    def start(self) -> None:
        """From now on, listen where there is something to be heard."""
        with self._lock:
            self._active = True
            self.follow()

    def follow(self) -> None:
        """Listen, and offer the topics, while depth and calibration are published."""
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
        """Listen no more, and offer nothing."""
        with self._lock:
            self._active = False
            self._listener.stop()
            self._withdraw()

    def expect(self, header: Header) -> None:
        """
        Keep what belongs to an image until it has been worked on.

        :param header: of the image.
        """
        if self._listener.listening:
            self._listener.depths.expect(stamp_of(header))
            self._listener.calibrations.expect(stamp_of(header))

    def locate(self, header: Header, result: FrameResult) -> FrameResult:
        """
        Give the faces of an image their positions; nothing is waited for.

        :param header: of the image.
        :param result: of the image.
        :return: the same; a face's position is None where it is not known.
        """
        if not result.faces or not self._listener.listening:
            return result
        try:
            found = self._measure_by(header, result.image_size)
            if found is None:
                return result
            positions = {
                face.id: locate_face(face, *found, result.image_size) for face in result.faces
            }
        except Exception as error:  # whatever is wrong with depth must not cost the answer
            known = isinstance(error, (DepthError, CalibrationError))
            reason = shortened(error) if known else described(error)
            self._complain(f'faces have no positions: {reason}')
            return result
        self._take_back()
        return result.located(positions)

    def publish(self, header: Header, result: FrameResult, _: np.ndarray) -> None:
        """
        Publish the faces in space to those who listen.

        :param header: of the image.
        :param result: of the image.
        """
        with self._lock:
            if self._cloud is not None and self._cloud.get_subscription_count():
                self._cloud.publish(to_cloud(self._point_cloud2, header, result))
            if self._markers is not None and self._markers.get_subscription_count():
                self._markers.publish(to_markers(MESSAGE_TYPES, header, result))

    def _measure_by(
        self, header: Header, image_size: tuple[int, int]
    ) -> tuple[DepthImage, CameraModel] | None:
        """Find the depth image and the calibration for an image; None if one is missing."""
        stamp = stamp_of(header)
        # A calibration holds until there is another: it may have been sent but once.
        calibration = self._listener.calibrations.nearest(stamp)
        depth = self._listener.depths.nearest(stamp)
        if calibration is None or depth is None or abs(depth[0] - stamp) > SLACK:
            self._misses += 1
            if self._misses >= MOST_MISSES:
                self._complain(f'faces have no positions: {self._missing(stamp)}')
            return None
        self._misses = 0
        self._compare_frames(header, depth[1])
        topic = self._listener.topic('image')
        camera = to_camera_model(calibration[1], is_rectified(topic), image_size)
        return _to_depth(depth[1]), camera

    def _missing(self, stamp: int) -> str:
        """Say what there is not, for an image of a stamp."""
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
        """Warn of depth that does not look registered."""
        ours, theirs = header.frame_id, depth.header.frame_id
        if ours != theirs:
            self._node.get_logger().warning(
                f'depth is in the frame {quoted(theirs)}, the image in {quoted(ours)}: positions '
                'are wrong unless the depth image is registered to the image',
                once=True,
            )

    def _complain(self, sentence: str) -> None:
        """Say what is wrong with depth; the frames themselves are answered."""
        if sentence != self._told:
            self._statistics.last_error = sentence
            self._told = sentence
        self._node.get_logger().warning(sentence, throttle_duration_sec=COMPLAINT_PERIOD)

    def _take_back(self) -> None:
        """Take back what was said of depth, as it holds no more; of other errors nothing is."""
        if self._told and self._statistics.last_error == self._told:
            self._statistics.last_error = ''
        self._told = ''

    def _offer(self) -> None:
        """Make the topics that can be."""
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
                    self._node.get_logger().warning(
                        f'{topic} is not offered: {shortened(reason)}'
                    )
        self._told_missing = True

    def _withdraw(self) -> None:
        """Take the topics away."""
        self._take_back()
        for publisher in (self._cloud, self._markers):
            if publisher is not None:
                self._node.destroy_publisher(publisher)
        self._cloud = self._markers = None


def working_marker_array() -> tuple[Any, str]:
    """
    Look for visualization_msgs, which a small installation of ROS may lack.

    :return: the class MarkerArray, and '', or None and the reason why there is none.
    """
    try:
        return importlib.import_module('visualization_msgs.msg').MarkerArray, ''
    except Exception as error:  # an import that breaks raises anything
        return None, described(error)


def _to_depth(message: Image) -> DepthImage:
    """Read a depth message."""
    return decode_depth(
        np.frombuffer(message.data, np.uint8),
        message.height,
        message.width,
        message.encoding,
        message.step,
        bool(message.is_bigendian),
    )
