"""The node that publishes what the faces in a camera's images show."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
import sys
from threading import Lock

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock
from rclpy.clock import ClockType
from rclpy.context import Context
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.node.health.report import Health
from fer_ros.node.health.statistics import Statistics
from fer_ros.node.inputs.camera_listener import CameraListener
from fer_ros.node.inputs.depth_listener import stamp_of
from fer_ros.node.inputs.images import to_bgr
from fer_ros.node.inputs.images import working_bridge
from fer_ros.node.inputs.worker import Worker
from fer_ros.node.life.ending import end_threads
from fer_ros.node.life.errors import described
from fer_ros.node.life.errors import REASON_LENGTH
from fer_ros.node.life.footprint import fit_shared_memory
from fer_ros.node.life.footprint import FreedMemory
from fer_ros.node.life.footprint import GrownMemory
from fer_ros.node.life.footprint import return_freed_memory
from fer_ros.node.life.footprint import take_little_memory
from fer_ros.node.life.managed_node import ManagedNode
from fer_ros.node.life.parameters import CheckedParameters
from fer_ros.node.life.parameters import declare_settings
from fer_ros.node.life.process import run_node
from fer_ros.node.life.unused_parameters import warn_of_unused
from fer_ros.node.outputs.positions import FacePositions
from fer_ros.node.outputs.ros4hri import load_humans
from fer_ros.node.outputs.ros4hri import Ros4Hri
from fer_ros.node.outputs.topics import Outputs
from fer_ros.node.recovery import Recovery
from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import release_memory
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.decision.baseline import check_baseline
from fer_ros.perception.decision.changes import ChangeDetector
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.images import ImageError
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import SettingError
from fer_ros.perception.settings import Settings
from fer_ros.sources.settings import CameraSettings

# Why a node does not start, or keeps what it has when a parameter is set.
REFUSALS = (SettingError, BundleError, BackendError, DetectorError)

# How often the graph is asked what the camera offers [s].
FOLLOW_PERIOD = 0.25

# How often the node tells how it is [s].
DIAGNOSTICS_PERIOD = 1.0

# With one of these another model, or the same one otherwise, must be loaded.
MODEL_SETTINGS = ('model', 'backend', 'device', 'gpu_memory_limit')

# Of the same complaint, one in this time is logged [s].
COMPLAINT_PERIOD = 5.0


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
        self._freed = FreedMemory()
        self._grown = GrownMemory()
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._recovery = Recovery()
        # What the node does without since something failed.
        self._makeshift = ''
        # Held while models are loaded: for who sets a parameter, or after a failure.
        self._loading = Lock()
        # Not the group of the parameters' services, which take long when they load a model.
        self._ticks = MutuallyExclusiveCallbackGroup()
        # Held while a frame is in the pipeline, and while models are exchanged between two frames.
        self._exchange = Lock()
        self._pipeline: Pipeline | None = None
        self._changes = ChangeDetector()
        # Of who comes first after the next configuring: no id is used again.
        self._next_id = 1
        self._outputs: Outputs | None = None
        self._ros4hri = Ros4Hri(self)
        self._worker: Worker[Image | CompressedImage] | None = None
        self._camera = CameraListener(self, self._on_image)
        self._positions = FacePositions(self, self.statistics)
        self._bridge, reason = working_bridge()
        if self._bridge is None:
            self.get_logger().debug(f'decoding images without cv_bridge ({shortened(reason)})')
        self._health = Health(self, self._camera, self.statistics)
        # Held while the graph is followed, or the subscriptions are made or destroyed.
        self._following = Lock()
        self._tick(DIAGNOSTICS_PERIOD, self._tell_health)
        self._tick(FOLLOW_PERIOD, self._follow)
        self.add_on_set_parameters_callback(self._on_parameters)

    def _tick(self, period: float, act: Callable[[], None]) -> None:
        """
        Do something again and again, also while a simulated clock stands still or a model loads.

        :param period: in seconds of the machine's own clock.
        :param act: what to do.
        """
        self.create_timer(
            period,
            act,
            callback_group=self._ticks,
            clock=self._steady,
        )

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
        pipeline = Pipeline(
            self._load_detector(self._settings),
            self._load_classifier(self._settings),
            self._next_id,
        )
        pipeline.exchange(groups=self._settings.groups)
        check_baseline(self._settings.baseline, pipeline.classifier.card.labels)
        self._pipeline = pipeline
        self._makeshift = ''
        self._recovery.reset()
        self._outputs = Outputs(self, self._complain)
        self._publish_labels()

    def _unload(self) -> None:
        """Let the models and the topics go."""
        self._end_work()
        if self._pipeline is not None:
            self._next_id = self._pipeline.next_id
            self._pipeline = None
        if self._outputs is not None:
            self._outputs.destroy()
            self._outputs = None
        release_memory()
        return_freed_memory()

    def _begin_work(self) -> None:
        """Listen to the camera."""
        self.statistics.begin()
        self._health.begin()
        self._freed = FreedMemory()
        self._ros4hri.switch(self._settings.ros4hri)
        self._worker = Worker(self._look_at, self._shortest_period)
        with self._following:
            self._camera.start(self._settings)
            self._positions.start()
        self.get_logger().info(f'active: waiting for images on {self._camera.topic}')

    def _end_work(self) -> None:
        """Listen to the camera no more."""
        with self._following:
            self._camera.stop()
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        if self._outputs is not None:
            self._outputs.rest()
        self._ros4hri.switch(False)
        with self._following:
            self._positions.stop()

    def _follow(self) -> None:
        """Match what the cameras offer now."""
        with self._following:
            self._camera.follow(self._settings)
            self._positions.follow()

    # Parameters

    def _on_parameters(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        """Apply new values from the next frame on, or refuse them with the reason."""
        known = Settings.__dataclass_fields__
        values = {given.name: given.value for given in parameters if given.name in known}
        # Setting a model parameter to its current value retries the model after a failure.
        anew = bool(self._makeshift) and any(name in values for name in MODEL_SETTINGS)
        try:
            with self._loading:
                self._apply(self._settings.changed(values), anew)
        except REFUSALS as error:
            reason = shortened(error, REASON_LENGTH)
            return SetParametersResult(successful=False, reason=reason)
        except Exception as error:  # a library that breaks must not end the node
            reason = described(error)
            self.get_logger().error(f'cannot set {", ".join(values)}: {reason}')
            return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    def _apply(self, settings: Settings, anew: bool) -> None:
        """
        Load what must be loaded for new settings; while that lasts, the old are in force.

        :param settings: the new ones.
        :param anew: load the model also if nothing of it is new.
        """
        old = self._settings
        if settings.ros4hri:
            load_humans()
        if self._pipeline is None:
            # What cannot be found is refused now, what cannot be loaded when it is.
            load_card(find_bundle(settings.model))
            self._settings = settings
            return
        detector = classifier = groups = None
        if _differ(settings, old, 'detector', 'detector_model'):
            detector = self._load_detector(settings)
        if anew or _differ(settings, old, *MODEL_SETTINGS):
            classifier = self._load_classifier(settings)
        check_baseline(
            settings.baseline, (classifier or self._pipeline.classifier).card.labels
        )
        if classifier is not None or settings.groups != old.groups:
            groups = settings.groups
        if detector is not None or groups is not None:
            with self._exchange:
                self._pipeline.exchange(detector, classifier, groups)
            self._freed = FreedMemory()
        if classifier is not None:
            self._makeshift = ''
            self._recovery.reset()
            release_memory()
        self._ros4hri.switch(settings.ros4hri and self._worker is not None)
        # One assignment, so that a frame sees either all new values or none of them.
        self._settings = settings
        if groups is not None or settings.min_confidence != old.min_confidence:
            self._publish_labels()

    def _load_detector(self, settings: Settings) -> Detector:
        """Load the detector that the settings ask for."""
        detector = create_detector(settings.detector, settings.detector_model)
        reason = shortened(detector.reason, REASON_LENGTH)
        self.get_logger().info(f'detector {detector.name} ({reason})')
        return detector

    def _load_classifier(self, settings: Settings) -> Classifier:
        """Load the model that the settings ask for, and try it."""
        card = load_card(find_bundle(settings.model))
        classifier = create_classifier(
            card, settings.backend, settings.device, settings.gpu_memory_limit
        )
        backend = classifier.backend
        self.get_logger().info(
            f'model {shortened(card.name)} (SHA-256 {card.sha256(backend.kind)[:12]}…) '
            f'on {backend.name}, {backend.device} ({shortened(backend.reason, REASON_LENGTH)})'
        )
        return classifier

    def _publish_labels(self) -> None:
        """Say which labels hold from now on."""
        if self._outputs is not None and self._pipeline is not None:
            header = Header(stamp=self.get_clock().now().to_msg())
            self._outputs.publish_labels(
                header, self._pipeline.labels, self._settings.min_confidence
            )

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

    def _look_at(self, message: Image | CompressedImage) -> None:
        """Process a frame; whatever is wrong with it costs no more than itself."""
        try:
            if self._process(message):
                self._recovery.reset()
        except ImageError as error:
            sentence = f'image dropped ({self.statistics.refused + 1} so far): {shortened(error)}'
            self.statistics.refuse(sentence)
            self._complain(sentence)
            self._freed.settle(0)
        except BackendError as error:
            self._lose(shortened(error))
            self._recover(error)
        except Exception as error:
            # After the context has ended, publishing fails, and that is as it should be.
            if self.context.ok():
                self._lose(described(error))
                self._freed.settle(0)

    def _lose(self, reason: str) -> None:
        """Count a frame that gets no answer."""
        sentence = f'image lost ({self.statistics.lost + 1} so far): {reason}'
        self.statistics.lose(sentence)
        self._complain(sentence)

    def _recover(self, error: BackendError) -> None:
        """Load the model anew, or into another back end, after it failed again and again."""
        pipeline = self._pipeline
        if pipeline is None:
            return
        failed = pipeline.classifier
        candidates = self._recovery.fail(failed.backend, error)
        if not candidates:
            return
        with self._loading:
            # Who set a parameter meanwhile has exchanged it already.
            if pipeline.classifier is failed:
                self._replace(pipeline, candidates, shortened(error))

    def _replace(
        self, pipeline: Pipeline, candidates: Sequence[tuple[str, str]], reason: str
    ) -> None:
        """
        Load the model into another back end.

        :param pipeline: that it is for.
        :param candidates: names and devices; the first that takes the model stays.
        :param reason: why another is needed.
        """
        settings, failed = self._settings, pipeline.classifier.backend
        for name, device in candidates:
            try:
                classifier = self._load_classifier(
                    replace(settings, backend=name, device=device or settings.device)
                )
            except Exception as refusal:  # an engine that breaks raises anything
                self.get_logger().warning(f'cannot fall back to {name}: {described(refusal)}')
                continue
            with self._exchange:
                pipeline.exchange(classifier=classifier, groups=settings.groups)
            release_memory()
            if device:
                self._recovery.reset()
                self._makeshift = (
                    f'the model runs on {name}, on the {classifier.backend.device}, as '
                    f'{failed.name} failed: {reason}; setting backend tries what is set again'
                )
                self.get_logger().warning(self._makeshift)
            return

    def _complain(self, sentence: str) -> None:
        """Say what is wrong, but not with every frame."""
        self.get_logger().error(
            sentence,
            throttle_duration_sec=COMPLAINT_PERIOD,
            throttle_time_source_type=self._steady,
        )

    def _process(self, message: Image | CompressedImage) -> int:
        """Take a frame through the pipeline, publish what comes out, and count the faces."""
        pipeline, outputs, settings = self._pipeline, self._outputs, self._settings
        if pipeline is None or outputs is None:
            return 0
        measured = self.statistics.stage
        image = to_bgr(message, self._bridge)
        self._health.see(message, image)
        stamp = stamp_of(message.header)
        self._positions.expect(message.header)
        with self._exchange:
            labels, affect = pipeline.labels, pipeline.affect
            faces = pipeline.process(image, stamp / 1e9, settings, measured)
            faces = self._positions.locate(message.header, faces, image.shape[:2])
            held, boxes = pipeline.held_ids, pipeline.boxes
            changed, left = self._changes.update(faces, held)
        with measured('publish'):
            outputs.publish_faces(message.header, faces, labels)
            if changed or left:
                outputs.publish_changes(message.header, changed, left, labels)
            self._ros4hri.publish(message.header, image, faces, held, labels, affect)
            self._positions.publish(message.header, faces, left, labels)
        # A simulated clock is 0 until somebody publishes /clock.
        now = self.get_clock().now().nanoseconds
        self.statistics.finish(len(faces), (now - stamp) / 1e9 if now else None)
        outputs.publish_annotated(
            message.header, image, faces, labels, settings.draw, boxes
        )
        self._freed.settle(image.size)
        return len(faces)

    def _tell_health(self) -> None:
        """Say how the node is."""
        self._health.publish(
            pipeline=self._pipeline,
            worker=self._worker,
            shut_down=self._shut_down,
            refusal=self._told_refusal,
            makeshift=self._makeshift,
        )
        self._grown.look()


def _differ(one: Settings, other: Settings, *names: str) -> bool:
    """Say if one of some settings differs."""
    return any(getattr(one, name) != getattr(other, name) for name in names)


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
