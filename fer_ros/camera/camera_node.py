"""The camera node: publish a webcam, a video, a folder, a picture or the built-in view."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from contextlib import closing
from contextlib import suppress
import sys
from threading import Event
from threading import Thread
from threading import TIMEOUT_MAX
import time
from typing import Any

import cv2
import numpy as np
from rclpy.duration import Duration
from rclpy.qos import QoSProfile
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.messages.images import to_compressed_message
from fer_ros.messages.images import to_image_message
from fer_ros.node.life.errors import REASON_LENGTH
from fer_ros.node.life.footprint import fit_shared_memory
from fer_ros.node.life.parameters import CheckedParameters
from fer_ros.node.life.parameters import declare_settings
from fer_ros.node.life.process import run_node
from fer_ros.node.life.services import guard_services
from fer_ros.node.life.unused_parameters import warn_of_unused
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import SettingError
from fer_ros.perception.settings import Settings
from fer_ros.sources.base import SourceError
from fer_ros.sources.opening import open_source
from fer_ros.sources.settings import CameraSettings

# A reliable publisher is compatible with reliable and best-effort subscribers. The queue keeps
# images for retransmission when a subscriber misses a fragment. Measured at 640x480 and 1280x960:
# without shared memory, a shorter queue loses more images. The age of the images is the same with
# a depth of 1 and of 5, because old images come from the queue of a slow subscriber.
QUEUE_DEPTH = 5

# The default JPEG quality of image_transport, in percent.
JPEG_QUALITY = 95

# How often to check for a subscriber before a source that ends is started [s].
LOOK_PERIOD = 0.05
# The publisher discovers a subscriber slightly before the subscriber discovers the publisher [s].
SETTLE_TIME = 0.5
# Maximum time to wait until reliable subscribers acknowledge the last image [s].
CONFIRM_TIME = 2.0
# Maximum time to wait for the image thread at shutdown if a device delivers no images [s].
STOP_TIME = 2.0


class CameraNode(CheckedParameters):
    """
    Publish the images of a source with timestamps and a frame id, like a camera driver.

    :param on_failure: called with the exception if an error ends the images early.
    :param args: command-line arguments with the names of parameter files. None uses the arguments
        of the process.
    :param options: options of `rclpy.node.Node`.
    :raises SettingError: if a parameter value is not allowed.
    :raises SourceError: if the source delivers no images.
    """

    SETTINGS = CameraSettings

    def __init__(
        self,
        on_failure: Callable[[Exception], None] = lambda _: None,
        args: Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__('camera', **options)
        guard_services(self)
        self._settings = declare_settings(self, CameraSettings)
        warn_of_unused(self, args, {'emotion': Settings})
        self._on_failure = on_failure
        self._source = open_source(
            self._settings.source,
            self._settings.rate,
            self._settings.loop,
            self._settings.width,
            self._settings.height,
            tell=lambda sentence: self.get_logger().warning(sentence),
            sequence=self._settings.sequence,
            fourcc=self._settings.fourcc,
            bit_depth=self._settings.bit_depth,
        )
        profile = QoSProfile(depth=QUEUE_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
        self._publisher = self.create_publisher(Image, 'image', profile)
        # The name is derived from the resolved topic, so a remapping of `image` also applies here.
        self._compressed_publisher = self.create_publisher(
            CompressedImage, f'{self._publisher.topic_name}/compressed', profile
        )
        self.published = 0
        self._stopping = Event()
        self._worker = Thread(target=self._work, name='images', daemon=True)
        # Publishing starts when the node spins. From then on, the node has a clock and answers
        # parameter requests.
        self._spinning = self.create_guard_condition(self.start)
        self._spinning.trigger()

    def start(self) -> None:
        """Start publishing; the executor calls this method."""
        self.destroy_guard_condition(self._spinning)
        self.get_logger().info(f'publishing {self._source.name} on {self._publisher.topic_name}')
        self._worker.start()

    def stop(self) -> None:
        """Stop the image thread."""
        self._stopping.set()
        if self._worker.ident is not None:
            self._worker.join(STOP_TIME)

    def _work(self) -> None:
        """Publish the images, then shut the node down."""
        try:
            if self._play():
                skipped = f', {self._source.skipped} skipped' if self._source.skipped else ''
                self.get_logger().info(
                    f'end of {self._source.name}: {self.published} images published{skipped}'
                )
        except SourceError as error:
            self.get_logger().error(shortened(error, REASON_LENGTH))
            self._on_failure(error)
        except Exception as error:
            # Publishing fails after the context is shut down. This error is expected at shutdown.
            if self.context.ok():
                self._on_failure(error)
        if not self._stopping.is_set():
            self._end()

    def _end(self) -> None:
        """Shut down the context and wake the executor."""
        try:
            self.context.try_shutdown()
        except Exception:  # a signal handler shut it down at the same moment
            if self.context.ok():
                raise
        # After a signal, the executor may have started to wait just before the shutdown.
        if self.executor is not None:
            self.executor.wake()

    def _play(self) -> bool:
        """
        Publish each image when it is due.

        Return True at the end of the images, False if the node stops.
        """
        if not self._source.endless:
            self._wait_for_listener()
        due = time.monotonic()
        with closing(iter(self._source)) as images:  # type: ignore[type-var]
            for image, period in images:
                if image is None:
                    due = time.monotonic() + period
                    if self._wait_until(due):
                        return False
                    continue
                if self._wait_until(due):
                    return False
                self._publish(image)
                # The due times are one period apart, so delays do not add up. After a delay longer
                # than one period, the schedule restarts from the current time, and no image is
                # published early to catch up.
                due = max(due + period, time.monotonic())
        if self._wait_until(due):
            return False
        self._confirm()
        return True

    def _wait_until(self, due: float) -> bool:
        """
        Wait until a time of the monotonic clock [s].

        Return True if the node is shutting down.
        """
        # The period of a tiny rate is longer than any time that a lock accepts.
        rest = min(max(0.0, due - time.monotonic()), TIMEOUT_MAX)
        return self._stopping.wait(rest) or not self.context.ok()

    def _wait_for_listener(self) -> None:
        """Wait for a subscriber, because a late subscriber would miss a source that ends."""
        if not self._listeners():
            self.get_logger().info(f'waiting for a subscriber to {self._publisher.topic_name}')
        while not self._listeners():
            if self._wait_until(time.monotonic() + LOOK_PERIOD):
                return
        self._wait_until(time.monotonic() + SETTLE_TIME)

    def _listeners(self) -> int:
        """Return the number of subscriptions to both topics."""
        return (
            self._publisher.get_subscription_count()
            + self._compressed_publisher.get_subscription_count()
        )

    def _publish(self, image: np.ndarray) -> None:
        """Publish an image. It is copied or compressed only if the topic has a subscriber."""
        raw = self._publisher.get_subscription_count() > 0
        compressed = self._compressed_publisher.get_subscription_count() > 0
        if not raw and not compressed:
            return
        # Another frame id tells the emotion node that the image shows another scene.
        frame_id = '/'.join(filter(None, [self._settings.frame_id, self._source.scene]))
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=frame_id)
        if raw:
            self._publisher.publish(to_image_message(MESSAGE_TYPES, header, image))
        if compressed:
            self._publish_compressed(header, image)
        self.published += 1

    def _publish_compressed(self, header: Header, image: np.ndarray) -> None:
        """
        Publish an image as JPEG.

        An image with a side above 65500 pixels is dropped, because JPEG cannot store it.
        """
        with suppress(cv2.error):
            done, jpeg = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            if done:
                message = to_compressed_message(MESSAGE_TYPES, header, jpeg)
                self._compressed_publisher.publish(message)

    def _confirm(self) -> None:
        """Wait until reliable subscribers have received the last image."""
        for publisher in (self._publisher, self._compressed_publisher):
            publisher.wait_for_all_acked(Duration(seconds=CONFIRM_TIME))


def main(args: list[str] | None = None) -> int:
    """
    Run the node.

    :return: CONFIGURATION_ERROR if the node cannot start, 1 if the source is lost.
    """
    failures: list[Exception] = []
    warning = fit_shared_memory()

    def make_node() -> CameraNode:
        node = CameraNode(on_failure=failures.append, args=args)
        if warning:
            node.get_logger().warning(warning)
        return node

    status = run_node(make_node, args, (SettingError, SourceError))
    for failure in failures:
        if not isinstance(failure, SourceError):
            raise failure
        status = 1
    return status


if __name__ == '__main__':
    sys.exit(main())
