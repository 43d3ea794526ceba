"""The node that publishes what the faces in a camera's images show."""

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
from fer_ros.node.outputs.annotated import AnnotatedImages
from fer_ros.node.outputs.positions import FacePositions
from fer_ros.node.outputs.ros4hri import load_humans
from fer_ros.node.outputs.ros4hri import Ros4Hri
from fer_ros.node.outputs.topics import Topics
from fer_ros.perception.backends import BackendError
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.settings import SettingError
from fer_ros.perception.settings import Settings
from fer_ros.sources.settings import CameraSettings

# Why a node does not start, or keeps what it has when a parameter is set.
REFUSALS = (SettingError, BundleError, BackendError, DetectorError)

# How often the graph is asked what the camera offers [s].
FOLLOW_PERIOD = 0.25

# How often the node tells how it is [s].
DIAGNOSTICS_PERIOD = 1.0


class EmotionNode(CheckedParameters, ManagedNode):
    """
    Publish the emotion on every face that a camera sees.

    Configuring loads the models, activating begins the work, deactivating ends it, cleaning up
    lets the models go.
    """

    REFUSALS = REFUSALS
    SETTINGS = Settings

    def __init__(
        self,
        context: Context | None = None,
        parameter_overrides: list[Parameter] | None = None,
    ) -> None:
        """
        Declare the parameters; nothing is loaded yet.

        :param context: of the graph that the node belongs to; None for the process's own.
        :param parameter_overrides: as if they were given on the command line.
        :raises SettingError: if a parameter is not what it may be.
        """
        super().__init__('emotion', context=context, parameter_overrides=parameter_overrides)
        self._settings = declare_settings(self, Settings)
        self.statistics = Statistics()
        self._grown = GrownMemory()
        self._models = ModelSlot(self.get_logger())
        self._camera = CameraListener(self, self._on_image)
        self._positions = FacePositions(self, self.statistics)
        self._health = Health(self, self._camera, self.statistics)
        self._processor = FrameProcessor(
            self,
            lambda: self._settings,
            self._models,
            self._positions,
            self._health,
            self.statistics,
        )
        self._ros4hri = Ros4Hri(self)
        self._topics: Topics | None = None
        self._annotated: AnnotatedImages | None = None
        self._worker: Worker[Image | CompressedImage] | None = None
        # Not the group of the parameters' services, which take long when they load a model; on the
        # machine's own clock, as a simulated one may stand still.
        ticks, steady = MutuallyExclusiveCallbackGroup(), Clock(clock_type=ClockType.STEADY_TIME)
        for period, act in (DIAGNOSTICS_PERIOD, self._tell_health), (FOLLOW_PERIOD, self._follow):
            self.create_timer(period, act, callback_group=ticks, clock=steady)
        apply_live(self, Settings, self._apply, REFUSALS)

    # The life of the node

    def start_itself(self) -> None:
        """
        Configure and activate the node, unless `autostart` is false.

        :raises Exception: why it could not be; one of `REFUSALS` if the user can help it.
        """
        if self._settings.autostart:
            self.start()

    def _load(self) -> None:
        """Load the models, and make the topics."""
        if self._settings.ros4hri:
            load_humans()
        self._models.load(self._settings)
        self._topics = Topics(self)
        self._annotated = AnnotatedImages(
            self, lambda: self._settings.draw, self._processor.complain
        )
        self._processor.outputs = (
            self._topics.publish,
            self._ros4hri.publish,
            self._positions.publish,
            self._annotated.publish,
        )
        self._publish_labels()

    def _unload(self) -> None:
        """Let the models and the topics go."""
        self._end_work()
        self._models.unload()
        self._processor.outputs = ()
        for output in (self._topics, self._annotated):
            if output is not None:
                output.destroy()
        self._topics = self._annotated = None
        return_freed_memory()

    def _begin_work(self) -> None:
        """Listen to the camera."""
        self.statistics.begin()
        self._health.begin()
        self._processor.forget_memory()
        self._ros4hri.switch(self._settings.ros4hri)
        self._worker = Worker(self._processor.process, self._shortest_period)
        self._camera.start(self._settings)
        self._positions.start()
        self.get_logger().info(f'active: waiting for images on {self._camera.topic}')

    def _end_work(self) -> None:
        """Listen to the camera no more."""
        self._camera.stop()
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        if self._annotated is not None:
            self._annotated.rest()
        self._ros4hri.switch(False)
        self._positions.stop()

    def _follow(self) -> None:
        """Match what the cameras offer now."""
        self._camera.follow(self._settings)
        self._positions.follow()

    # Parameters

    def _apply(self, values: Mapping[str, Any]) -> None:
        """
        Put new values into force from the next frame on.

        :param values: by the names of the settings.
        """
        with self._models.loading:
            old, settings = self._settings, self._settings.changed(values)
            if settings.ros4hri:
                load_humans()
            exchanged = self._models.apply(settings, old, values)
            if exchanged:
                self._processor.forget_memory()
            self._ros4hri.switch(settings.ros4hri and self._worker is not None)
            # One assignment, so that a frame sees either all new values or none of them.
            self._settings = settings
            if exchanged or settings.min_confidence != old.min_confidence:
                self._publish_labels()

    def _publish_labels(self) -> None:
        """Say which labels hold from now on."""
        if self._topics is not None and self._models.pipeline is not None:
            labels = self._models.pipeline.labels
            self._topics.publish_labels(labels, self._settings.min_confidence)

    # The work

    def _on_image(self, message: Image | CompressedImage) -> None:
        """Leave the image for the worker; one that still waited there is too old now."""
        worker = self._worker
        if worker is not None:
            self.statistics.arrive()
            if worker.put(message):
                self.statistics.replaced += 1

    def _shortest_period(self) -> float:
        """Give the time between two frames that the user allows at least, in seconds."""
        return 1 / self._settings.max_rate if self._settings.max_rate > 0 else 0.0

    def _tell_health(self) -> None:
        """Say how the node is."""
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
    Make the node; nothing is loaded yet.

    :param args: of the command line; None for the process's own.
    :param warning: about the process, for the log; empty for none.
    """
    node = EmotionNode()
    if warning:
        node.get_logger().warning(warning)
    warn_of_unused(node, args, {'camera': CameraSettings})
    return node


def main(args: list[str] | None = None) -> int:
    """Run the node; the exit status is CONFIGURATION_ERROR if it could not start."""
    take_little_memory()
    warning = fit_shared_memory()
    # A service may still be loading a model.
    return end_threads(run_node(lambda: make_node(args, warning), args, REFUSALS))


if __name__ == '__main__':
    sys.exit(main())
