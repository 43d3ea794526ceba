"""Process one image message: decode it, run the pipeline and publish the results."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.clock import ClockType
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.messages.stamps import stamp_of
from fer_ros.node.health.report import Health
from fer_ros.node.inputs.calibration_listener import CalibrationListener
from fer_ros.node.inputs.images import to_bgr
from fer_ros.node.inputs.images import working_bridge
from fer_ros.node.life.errors import described
from fer_ros.node.life.footprint import FreedMemory
from fer_ros.node.model_slot import ModelSlot
from fer_ros.node.outputs.outputs import Publish
from fer_ros.node.outputs.positions import FacePositions
from fer_ros.perception.backends import BackendError
from fer_ros.perception.images.decoding import ImageError
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import Settings

# Log warnings and errors about images at most once per this many seconds.
COMPLAINT_PERIOD = 5.0


class FrameProcessor:
    """Processes image messages; an error affects only the image that caused it."""

    def __init__(
        self,
        node: Node,
        settings: Callable[[], Settings],
        models: ModelSlot,
        positions: FacePositions,
        calibration: CalibrationListener,
        health: Health,
    ) -> None:
        """
        Create the processor.

        :param node: node that receives the images.
        :param settings: returns the current settings; called once per image.
        :param models: loaded pipeline, and its recovery after errors.
        :param positions: measures the positions of faces while depth images arrive.
        :param calibration: calibration of the camera, for attention.
        :param health: receives each image for the diagnostics.
        """
        self._node = node
        self._settings = settings
        self._models = models
        self._positions = positions
        self._calibration = calibration
        self._health = health
        self._statistics = health.statistics
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._freed = FreedMemory()
        # Publishes the results; None while the node has no topics.
        self.publish: Publish | None = None
        self._bridge, reason = working_bridge()
        if self._bridge is None:
            node.get_logger().debug(f'images are decoded without cv_bridge ({shortened(reason)})')

    def forget_memory(self) -> None:
        """Return freed memory to the system after the next image, because models were loaded."""
        self._freed = FreedMemory()

    def process(self, message: Image | CompressedImage) -> None:
        """
        Process an image; an error is counted and logged, but never raised.

        :param message: image from the camera.
        """
        try:
            self._process(message)
        except ImageError as error:
            sentence = (
                f'image rejected ({self._statistics.refused + 1} so far): {shortened(error)}'
            )
            self._statistics.refuse(sentence)
            self.complain(sentence)
            self._freed.settle(0)
        except BackendError as error:
            self._lose(shortened(error))
            self._models.recover(error, self._settings)
        except Exception as error:
            # Publishing fails after the context has been shut down, as expected.
            if self._node.context.ok():
                self._lose(described(error))
                self._freed.settle(0)

    def complain(self, sentence: str) -> None:
        """Log an error about images, at most once per COMPLAINT_PERIOD."""
        self._node.get_logger().error(
            sentence,
            throttle_duration_sec=COMPLAINT_PERIOD,
            throttle_time_source_type=self._steady,
        )

    def _process(self, message: Image | CompressedImage) -> None:
        """Run the pipeline on an image, and publish the results."""
        header, measured = message.header, self._statistics.stage
        settings = self._settings()
        image = to_bgr(message, self._bridge, settings.bit_depth)
        self._health.see(message, image, settings.bit_depth)
        stamp = stamp_of(header)
        self._positions.expect(header)
        size = (image.shape[0], image.shape[1])
        camera = self._calibration.camera(size) if settings.attention else None
        result = self._models.process(
            image, stamp / 1e9, settings, measured, header.frame_id, camera
        )
        if result is None or self.publish is None:
            return
        result = self._positions.locate(header, result)
        with measured('publish'):
            self.publish(header, result, image)
        # A simulated clock returns 0 until the first message on /clock arrives.
        now = self._node.get_clock().now().nanoseconds
        self._statistics.finish(len(result.faces), (now - stamp) / 1e9 if now else None)
        self._freed.settle(image.size)

    def _lose(self, reason: str) -> None:
        """Count and log an image that was lost because of an error."""
        sentence = (
            f'image not processed because of an error ({self._statistics.lost + 1} so far): '
            f'{reason}'
        )
        self._statistics.lose(sentence)
        self.complain(sentence)
