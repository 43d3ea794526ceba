"""The node that publishes the emotions of the faces in a camera's images."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
import sys
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock
from rclpy.clock import ClockType
from rclpy.context import Context
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.node.frame_processor import FrameProcessor
from fer_ros.node.health.report import Health
from fer_ros.node.health.statistics import Statistics
from fer_ros.node.inputs.calibration_listener import CalibrationListener
from fer_ros.node.inputs.camera_listener import CameraListener
from fer_ros.node.inputs.worker import Worker
from fer_ros.node.life.ending import end_threads
from fer_ros.node.life.footprint import fit_shared_memory
from fer_ros.node.life.footprint import GrownMemory
from fer_ros.node.life.footprint import return_freed_memory
from fer_ros.node.life.footprint import take_little_memory
from fer_ros.node.life.managed_node import ManagedNode
from fer_ros.node.life.parameters import apply_live
from fer_ros.node.life.parameters import CheckedParameters
from fer_ros.node.life.parameters import declare_settings
from fer_ros.node.life.process import run_node
from fer_ros.node.life.unused_parameters import warn_of_unused
from fer_ros.node.model_slot import ModelSlot
from fer_ros.node.outputs.outputs import Outputs
from fer_ros.node.outputs.positions import FacePositions
from fer_ros.node.outputs.ros4hri import load_humans
from fer_ros.node.outputs.ros4hri import Ros4Hri
from fer_ros.perception.backends import BackendError
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.settings import SettingError
from fer_ros.perception.settings import Settings
from fer_ros.sources.settings import CameraSettings

# Errors that prevent the start of the node, or that reject a new value of a parameter.
REFUSALS = (SettingError, BundleError, BackendError, DetectorError)

# Period at which the node queries the graph for the publishers of its input topics [s].
FOLLOW_PERIOD = 0.25

# Period of the messages on /diagnostics [s].
DIAGNOSTICS_PERIOD = 1.0


class EmotionNode(CheckedParameters, ManagedNode):
    """
    Publish the emotion of each face in the images of a camera.

    Configuring loads the models, and activating subscribes to the camera.
    Deactivating ends the subscription, and cleaning up releases the models.
    """

    REFUSALS = REFUSALS
    SETTINGS = Settings

    def __init__(
        self,
        context: Context | None = None,
        parameter_overrides: list[Parameter] | None = None,
    ) -> None:
        """
        Declare the parameters, without loading the models.

        :param context: context of rclpy; None for the global context.
        :param parameter_overrides: values of parameters, as given by -p on the command line.
        :raises SettingError: if the value of a parameter is not allowed.
        """
        super().__init__('emotion', context=context, parameter_overrides=parameter_overrides)
        self._settings = declare_settings(self, Settings)
        self.statistics = Statistics()
        self._grown = GrownMemory()
        self._models = ModelSlot(self.get_logger())
        self._camera = CameraListener(self, self._on_image)
        self._positions = FacePositions(self, self.statistics)
        self._calibration = CalibrationListener(self)
        self._health = Health(self, self._camera, self.statistics)
        self._processor = FrameProcessor(
            self,
            lambda: self._settings,
            self._models,
            self._positions,
            self._calibration,
            self._health,
        )
        self._ros4hri = Ros4Hri(self, lambda: self._settings)
        self._outputs: Outputs | None = None
        self._worker: Worker[Image | CompressedImage] | None = None
        # The timers do not share the callback group of the parameter services, which may load a
        # model for seconds. The timers use the steady clock, because a simulated clock may stop.
        ticks, steady = MutuallyExclusiveCallbackGroup(), Clock(clock_type=ClockType.STEADY_TIME)
        for period, act in (DIAGNOSTICS_PERIOD, self._tell_health), (FOLLOW_PERIOD, self._follow):
            self.create_timer(period, act, callback_group=ticks, clock=steady)
        apply_live(self, Settings, self._apply, REFUSALS)

    # Lifecycle

    def start_itself(self) -> None:
        """
        Configure and activate the node, unless `autostart` is false.

        :raises Exception: why a transition failed; one of `REFUSALS` for a wrong configuration.
        """
        if self._settings.autostart:
            self.start()

    def _load(self) -> None:
        """Load the models and create the topics."""
        if self._settings.ros4hri:
            load_humans()
        self._models.load(self._settings)
        self._outputs = Outputs(
            self,
            lambda: self._settings,
            self._processor.complain,
            (self._ros4hri.publish, self._positions.publish),
        )
        self._processor.publish = self._outputs.publish
        self._publish_labels()

    def _unload(self) -> None:
        """Release the models and the topics."""
        self._end_work()
        self._models.unload()
        if self._outputs is not None:
            self._outputs.destroy()
            self._outputs = None
        return_freed_memory()

    def _begin_work(self) -> None:
        """Start the worker thread and subscribe to the camera."""
        self.statistics.begin()
        self._health.begin()
        self._processor.forget_memory()
        self._models.resume()
        self._ros4hri.switch(self._settings.ros4hri)
        self._worker = Worker(self._processor.process, self._shortest_period)
        self._camera.start(self._settings)
        self._positions.start()
        self._calibration.follow(self._settings.attention)
        self.get_logger().info(f'active: waiting for images on {self._camera.topic}')

    def _end_work(self) -> None:
        """Stop the worker thread and end the subscriptions."""
        self._camera.stop()
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        if self._outputs is not None:
            self._outputs.rest()
        self._ros4hri.switch(False)
        self._positions.stop()
        self._calibration.follow(False)

    def _follow(self) -> None:
        """Adapt the subscriptions to the current publishers, and notice a silent camera."""
        self._camera.follow(self._settings)
        self._positions.follow()
        self._calibration.follow(self._settings.attention and self._worker is not None)
        outputs = self._outputs
        if outputs is not None:
            outputs.present.expire(self._settings.face_timeout)

    # Parameters

    def _apply(self, values: Mapping[str, Any]) -> None:
        """
        Apply new values of parameters; they are valid from the next frame on.

        :param values: new values, by the names of the settings.
        """
        with self._models.loading:
            old, settings = self._settings, self._settings.changed(values)
            if settings.ros4hri:
                load_humans()
            exchanged = self._models.apply(settings, old, values)
            # Only a frame in progress during the exchange may combine new models with old values.
            self._settings = settings
            if exchanged:
                self._processor.forget_memory()
            self._ros4hri.switch(settings.ros4hri and self._worker is not None)
            if exchanged or settings.min_confidence != old.min_confidence:
                self._publish_labels()

    def _publish_labels(self) -> None:
        """Publish the labels that are valid from now on."""
        if self._outputs is not None and self._models.pipeline is not None:
            labels = self._models.pipeline.labels
            self._outputs.topics.publish_labels(labels, self._settings.min_confidence)

    # Images and diagnostics

    def _on_image(self, message: Image | CompressedImage) -> None:
        """Pass an image to the worker, in place of any image that still waits there."""
        worker, outputs = self._worker, self._outputs
        if worker is not None and outputs is not None:
            self.statistics.arrive()
            # Images that give no result do not show who is here.
            if not self.statistics.unanswered:
                outputs.present.arrive()
            if worker.put(message):
                self.statistics.replaced += 1

    def _shortest_period(self) -> float:
        """Return the minimum time between two processed frames in seconds; 0 means no limit."""
        return 1 / self._settings.max_rate if self._settings.max_rate > 0 else 0.0

    def _tell_health(self) -> None:
        """Publish the diagnostics, and check the memory of the process."""
        self._health.publish(
            pipeline=self._models.pipeline,
            worker=self._worker,
            shut_down=self._shut_down,
            refusal=self._told_refusal,
            makeshift=self._models.makeshift,
        )
        self._grown.look()


def make_node(args: Sequence[str] | None = None, warning: str = '') -> EmotionNode:
    """
    Create the node, without loading the models.

    :param args: command-line arguments; None for those of the process.
    :param warning: warning about the process for the log; empty for none.
    """
    node = EmotionNode()
    if warning:
        node.get_logger().warning(warning)
    warn_of_unused(node, args, {'camera': CameraSettings})
    return node


def main(args: list[str] | None = None) -> int:
    """
    Run the node.

    :param args: command-line arguments; None for those of the process.
    :return: exit status; CONFIGURATION_ERROR if the node could not start.
    """
    take_little_memory()
    warning = fit_shared_memory()
    # A service may still be loading a model in a thread of its own.
    return end_threads(run_node(lambda: make_node(args, warning), args, REFUSALS))


if __name__ == '__main__':
    sys.exit(main())
