"""Report the state of the node on /diagnostics and in the log."""

from __future__ import annotations

import time

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.node.health.bit_depth_watch import BitDepthWatch
from fer_ros.node.health.clock_watch import ClockWatch
from fer_ros.node.health.diagnostics import complaint_of_age
from fer_ros.node.health.diagnostics import complaint_of_camera
from fer_ros.node.health.diagnostics import complaint_of_clock
from fer_ros.node.health.diagnostics import complaint_of_image
from fer_ros.node.health.diagnostics import complaint_of_name
from fer_ros.node.health.diagnostics import Facts
from fer_ros.node.health.diagnostics import judge
from fer_ros.node.health.diagnostics import STALE
from fer_ros.node.health.diagnostics import to_diagnostics
from fer_ros.node.health.image_log import ImageLog
from fer_ros.node.health.statistics import Statistics
from fer_ros.node.inputs.camera_listener import CameraListener
from fer_ros.node.inputs.worker import Worker
from fer_ros.perception.images.brightness import measure_brightness
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.quoting import shortened

# Maximum length of an encoding or format in the log, in characters.
LONGEST_ENCODING = 40

# Log a problem of the camera at most once per this many seconds.
CAMERA_COMPLAINT_PERIOD = 10.0


class Health:
    """Collects facts about the node, and publishes the diagnostics."""

    def __init__(self, node: Node, camera: CameraListener, statistics: Statistics) -> None:
        """
        Create the publisher.

        :param node: node that the publisher belongs to.
        :param camera: subscription to the camera.
        :param statistics: counts and times of the node.
        """
        self._node = node
        self._camera = camera
        self.statistics = statistics
        self._told_errors = 0
        # Time of the last activation, by the monotonic clock [s].
        self._active_since = 0.0
        # Time of the last warning about the camera [s]; None while the camera has no problem.
        self._complained_at: float | None = None
        self._clock_watch = ClockWatch(node)
        self._bit_depth = BitDepthWatch(lambda line: node.get_logger().warning(line))
        self._images = ImageLog(lambda line: node.get_logger().info(line))
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)

    def begin(self) -> None:
        """Reset the state after an activation; the camera is unknown at first."""
        self._active_since = time.monotonic()
        self._complained_at = None
        self._bit_depth.begin()
        self._images.begin()

    def see(self, message: Image | CompressedImage, image: np.ndarray, bit_depth: int = 0) -> None:
        """
        Record an image that the node processes.

        :param message: message of the image.
        :param image: (H, W, 3) uint8 BGR image.
        :param bit_depth: value of the parameter, with which the image was converted.
        """
        encoding = message.format if isinstance(message, CompressedImage) else message.encoding
        height, width = image.shape[:2]
        self._images.see(height, width, shortened(encoding, LONGEST_ENCODING))
        brightness = measure_brightness(image)
        self.statistics.see(brightness)
        self._bit_depth.see(message, image, brightness.mean, bit_depth)

    def publish(
        self,
        *,
        pipeline: Pipeline | None,
        worker: Worker[Image | CompressedImage] | None,
        shut_down: bool,
        refusal: str,
        makeshift: str,
    ) -> None:
        """
        Publish the diagnostics, and log the state of the camera and its images.

        :param pipeline: loaded pipeline; None while no models are loaded.
        :param worker: worker thread; None while the node is not active.
        :param shut_down: True if the node was shut down for good.
        :param refusal: sentence with the reason of the last failed transition; empty for none.
        :param makeshift: sentence about the replacement of a failed back end; empty for none.
        """
        statistics, errors = self.statistics, self.statistics.errors
        camera = self._camera.offer()
        complaint = complaint_of_camera(
            camera.topic, camera.publishers, camera.mismatch, statistics.silence
        )
        if worker is not None:
            self._tell_of_camera(complaint)
            source = f'{camera.topic}, {camera.reliability}'
            self._images.tell(source, camera.nodes, statistics.images, statistics.period)
        node, clock = self._node, self._clock_watch
        stopped = complaint_of_clock(clock.silence(), node.count_publishers('/clock'))
        level, sentence = judge(
            Facts(
                working=worker is not None,
                rest=_why_at_rest(pipeline, shut_down),
                refusal=refusal,
                busy=worker.busy if worker is not None else 0.0,
                camera=complaint,
                unanswered=statistics.unanswered,
                new_errors=errors - self._told_errors,
                last_error=statistics.last_failure,
                makeshift=makeshift,
                name=complaint_of_name(node.get_fully_qualified_name(), self._namesakes()),
                stamps=stopped or complaint_of_age(statistics.age, clock.simulated),
                image=complaint_of_image(statistics.brightness, self._bit_depth.proposed),
                faceless=statistics.faceless,
            )
        )
        self._told_errors = errors
        values = {**statistics.values(), **models_of(pipeline)}
        if stopped:
            # No age can be computed while the clock does not advance.
            values.update(age_p50_ms='', age_p95_ms='')
        values['image_qos'] = camera.qos
        values['last_error'] = statistics.last_error
        header = Header(stamp=node.get_clock().now().to_msg())
        self._publisher.publish(
            to_diagnostics(header, node.get_fully_qualified_name(), level, sentence, values)
        )

    def _tell_of_camera(self, complaint: str) -> None:
        """
        Log a problem of the camera, at most once per CAMERA_COMPLAINT_PERIOD.

        Just after the activation nothing is logged, because the graph is not known yet.

        :param complaint: description of the problem; empty if there is none.
        """
        now = time.monotonic()
        if not complaint:
            self._complained_at = None
        elif now - self._active_since > STALE and (
            self._complained_at is None or now - self._complained_at > CAMERA_COMPLAINT_PERIOD
        ):
            if self._complained_at is None:
                # The log line of the next image shows that images arrive again.
                self._images.lose()
            self._complained_at = now
            self._node.get_logger().warning(complaint)

    def _namesakes(self) -> int:
        """Count the nodes in the graph that have the same name as this node, including itself."""
        own = (self._node.get_name(), self._node.get_namespace())
        return self._node.get_node_names_and_namespaces().count(own)


def _why_at_rest(pipeline: Pipeline | None, shut_down: bool) -> str:
    """Describe why the node is not active, and how to activate it."""
    if shut_down:
        return 'the node is shut down; restart its process'
    if pipeline is None:
        return (
            'load the models with "ros2 lifecycle set … configure", then start processing with '
            'activate'
        )
    return 'start processing with "ros2 lifecycle set … activate"'


def models_of(pipeline: Pipeline | None) -> dict[str, str]:
    """
    Return the names of the loaded models.

    :param pipeline: loaded pipeline; None while no models are loaded.
    :return: names by the keys of the diagnostics; empty names without a pipeline.
    """
    if pipeline is None:
        return dict.fromkeys(('backend', 'device', 'detector', 'model', 'model_sha256'), '')
    classifier = pipeline.classifier
    card, backend = classifier.card, classifier.backend
    return {
        'backend': backend.name,
        'device': backend.device,
        'detector': pipeline.detector.name,
        'model': card.name,
        'model_sha256': card.sha256(backend.kind),
    }
