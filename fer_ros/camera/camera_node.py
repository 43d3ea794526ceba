"""The node that publishes a webcam, a video, a folder, a picture or a built-in view."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from contextlib import closing
from contextlib import suppress
import sys
from threading import Event
from threading import Thread
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

# Reliable matches listeners of both kinds.  So many images are kept for those that missed a part
# of one: measured at 640x480 and 1280x960, with fewer more get lost where there is no shared
# memory, and images are as young with 1 as with 5, for it is a slow listener's own queue that
# makes them old.
QUEUE_DEPTH = 5

# What image_transport writes.
JPEG_QUALITY = 95

# How often to look whether somebody listens, before a source that ends is begun [s].
LOOK_PERIOD = 0.05
# A listener is known to the node a little before it knows the node itself [s].
SETTLE_TIME = 0.5
# How long reliable listeners may take to confirm the last image [s].
CONFIRM_TIME = 2.0
# How long the end of the node waits for a device that gives nothing [s].
STOP_TIME = 2.0


class CameraNode(CheckedParameters):
    """
    Publish images from a source, with stamps and a frame, as a camera's driver does.

    :param on_failure: called with what ended the images before their time, if something does.
    :param args: of the command line, which names parameter files; None for the process's own.
    :param options: the options of `rclpy.node.Node`.
    :raises SettingError: if a parameter has a value that is not allowed.
    :raises SourceError: if the source gives no images.
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
        )
        profile = QoSProfile(depth=QUEUE_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
        self._publisher = self.create_publisher(Image, 'image', profile)
        # Where the image is remapped to, the compressed one goes along.
        self._compressed_publisher = self.create_publisher(
            CompressedImage, f'{self._publisher.topic_name}/compressed', profile
        )
        self.published = 0
        self._stopping = Event()
        self._worker = Thread(target=self._work, name='images', daemon=True)
        # The images begin when the node spins, and so has a clock and answers for parameters.
        self._spinning = self.create_guard_condition(self.start)
        self._spinning.trigger()

    def start(self) -> None:
        """Begin to publish; what spins the node calls it."""
        self.destroy_guard_condition(self._spinning)
        self.get_logger().info(f'{self._source.name} goes to {self._publisher.topic_name}')
        self._worker.start()

    def stop(self) -> None:
        """End the work of the thread."""
        self._stopping.set()
        if self._worker.ident is not None:
            self._worker.join(STOP_TIME)

    def _work(self) -> None:
        """Publish the images; at their end, end the node."""
        try:
            if self._play():
                skipped = f', {self._source.skipped} skipped' if self._source.skipped else ''
                self.get_logger().info(
                    f'end of {self._source.name}: {self.published} images{skipped}'
                )
        except SourceError as error:
            self.get_logger().error(shortened(error, REASON_LENGTH))
            self._on_failure(error)
        except Exception as error:
            # Without a context nothing can be published, and nothing need be.
            if self.context.ok():
                self._on_failure(error)
        if not self._stopping.is_set():
            self._end()

    def _end(self) -> None:
        """End what spins the node."""
        try:
            self.context.try_shutdown()
        except Exception:  # a signal did it in the same moment
            if self.context.ok():
                raise
        # After a signal, what spins the node may have gone to sleep a moment before the end.
        if self.executor is not None:
            self.executor.wake()

    def _play(self) -> bool:
        """Publish each image when it is due; True when there are no more, False when stopped."""
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
                # In step with the beat, without a sum of delays; after a delay of more than a
                # period the beat begins anew, and nothing is hurried after.
                due = max(due + period, time.monotonic())
        if self._wait_until(due):
            return False
        self._confirm()
        return True

    def _wait_until(self, due: float) -> bool:
        """Wait for a point of the monotonic clock [s]; True when the node is to stop."""
        return self._stopping.wait(max(0.0, due - time.monotonic())) or not self.context.ok()

    def _wait_for_listener(self) -> None:
        """Wait for somebody to show the images to; what ends would be over for who comes late."""
        if not self._listeners():
            self.get_logger().info(f'waiting for a listener on {self._publisher.topic_name}')
        while not self._listeners():
            if self._wait_until(time.monotonic() + LOOK_PERIOD):
                return
        self._wait_until(time.monotonic() + SETTLE_TIME)

    def _listeners(self) -> int:
        """Count the subscriptions to both topics."""
        return (
            self._publisher.get_subscription_count()
            + self._compressed_publisher.get_subscription_count()
        )

    def _publish(self, image: np.ndarray) -> None:
        """Publish an image for those who listen; it is copied or compressed for nobody else."""
        raw = self._publisher.get_subscription_count() > 0
        compressed = self._compressed_publisher.get_subscription_count() > 0
        if not raw and not compressed:
            return
        header = Header(
            stamp=self.get_clock().now().to_msg(), frame_id=self._settings.frame_id
        )
        if raw:
            self._publisher.publish(to_image_message(MESSAGE_TYPES, header, image))
        if compressed:
            self._publish_compressed(header, image)
        self.published += 1

    def _publish_compressed(self, header: Header, image: np.ndarray) -> None:
        """Publish an image as JPEG, which holds none with a side above 65500 pixels."""
        with suppress(cv2.error):
            done, jpeg = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            if done:
                message = to_compressed_message(MESSAGE_TYPES, header, jpeg)
                self._compressed_publisher.publish(message)

    def _confirm(self) -> None:
        """Wait until reliable listeners have the last image."""
        for publisher in (self._publisher, self._compressed_publisher):
            publisher.wait_for_all_acked(Duration(seconds=CONFIRM_TIME))


def main(args: list[str] | None = None) -> int:
    """Run the node; return CONFIGURATION_ERROR if it cannot start, 1 if its source is lost."""
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
