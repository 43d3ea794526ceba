"""Load, exchange and recover the detector and the classifier in use."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np

from fer_ros.node.life.errors import described
from fer_ros.node.life.errors import REASON_LENGTH
from fer_ros.node.recovery import Recovery
from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import release_memory
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.decision.baseline import check_baseline
from fer_ros.perception.decision.changes import ChangeDetector
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.pipeline import assemble_pipeline
from fer_ros.perception.pipeline import load_classifier
from fer_ros.perception.pipeline import load_watcher
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import Settings
from fer_ros.perception.space.camera_model import CameraModel

# A change of one of these settings requires loading a model.
MODEL_SETTINGS = ('model', 'backend', 'device', 'gpu_memory_limit')


class ModelSlot:
    """Holds the pipeline and exchanges its models; ids are never reused while it exists."""

    def __init__(self, logger: Any) -> None:
        """
        Create an empty slot.

        :param logger: logger of the node.
        """
        self._logger = logger
        # This lock is held while models are loaded, either for a new parameter value or after a
        # failure.
        self.loading = Lock()
        # This lock is held while the pipeline processes an image, and while its models are
        # exchanged.
        self._exchange = Lock()
        self._pipeline: Pipeline | None = None
        # The last decided emotions and the next id, from which the next pipeline continues.
        self._changes = ChangeDetector()
        self._next_id = 1
        self._recovery = Recovery()
        # Describes in a sentence which replacement for a failed back end is in use; empty for
        # none.
        self.makeshift = ''

    @property
    def pipeline(self) -> Pipeline | None:
        """Return the loaded pipeline; None while no models are loaded."""
        return self._pipeline

    def load(self, settings: Settings) -> None:
        """
        Load the models.

        :param settings: settings that select the detector, the model, the back end and the device.
        :raises Exception: the reason why the models cannot be loaded.
        """
        self._pipeline = assemble_pipeline(
            self._load_detector(settings),
            self._load_classifier(settings),
            settings,
            self._next_id,
            self._changes,
        )
        self._renew()

    def unload(self) -> None:
        """Release the models; the pipeline must not be processing an image."""
        if self._pipeline is not None:
            self._next_id = self._pipeline.next_id
            self._pipeline = None
        release_memory()

    def apply(self, settings: Settings, old: Settings, given: Collection[str]) -> bool:
        """
        Load the models that new settings require, and exchange them between two images.

        The old models remain in use while the new ones load.
        The caller must hold `loading`.

        :param settings: new settings.
        :param old: current settings.
        :param given: names of the settings in the request, whether changed or not. After a
            failure, a model setting with its current value retries the model.
        :return: True if a model or the groups were exchanged, or attention was switched.
        :raises Exception: the reason why a model cannot be loaded; nothing is exchanged then.
        """
        pipeline = self._pipeline
        if pipeline is None:
            # While no models are loaded, only the existence of the bundle and its card is checked.
            # Other errors appear when the models are loaded.
            load_card(find_bundle(settings.model))
            return False
        anew = bool(self.makeshift) and not set(MODEL_SETTINGS).isdisjoint(given)
        detector = classifier = groups = None
        if _differ(settings, old, 'detector', 'detector_model'):
            detector = self._load_detector(settings)
        if anew or _differ(settings, old, *MODEL_SETTINGS):
            classifier = self._load_classifier(settings)
        attention_changes = settings.attention != old.attention
        watcher = load_watcher(settings) if attention_changes else pipeline.watcher
        check_baseline(settings.baseline, (classifier or pipeline.classifier).card.labels)
        if classifier is not None or settings.groups != old.groups:
            groups = settings.groups
        if detector is None and groups is None and not attention_changes:
            return False
        with self._exchange:
            pipeline.exchange(detector, classifier, groups)
            pipeline.watcher = watcher
        if classifier is not None:
            self._renew()
            release_memory()
        return True

    def resume(self) -> None:
        """Tell the pipeline that images were left out; see `Pipeline.resume`."""
        if self._pipeline is not None:
            self._pipeline.resume()

    def process(
        self,
        image: np.ndarray,
        stamp: float,
        settings: Settings,
        measured: Callable[[str], AbstractContextManager[None]],
        scene: str,
        camera: CameraModel | None = None,
    ) -> FrameResult | None:
        """
        Run the pipeline on the next image; see `Pipeline.process`.

        :return: result of the image; None while no models are loaded.
        :raises BackendError: if the back end of the classifier fails; call `recover` then.
        """
        pipeline = self._pipeline
        if pipeline is None:
            return None
        with self._exchange:
            result = pipeline.process(image, stamp, settings, measured, scene, camera)
        if result.faces:
            self._recovery.reset()
        return result

    def recover(self, error: BackendError, settings: Callable[[], Settings]) -> None:
        """
        Count a failure of the back end; after several failures, load the model again.

        The first reload uses the back end that failed; each later reload uses another back end.

        :param error: error of the back end.
        :param settings: returns the current settings.
        """
        pipeline = self._pipeline
        if pipeline is None:
            return
        failed = pipeline.classifier
        candidates = self._recovery.fail(failed.backend, error)
        if not candidates:
            return
        with self.loading:
            # Another thread may have exchanged the model meanwhile, because of a new parameter
            # value.
            if pipeline.classifier is failed:
                self._replace(pipeline, candidates, settings(), shortened(error))

    def _replace(
        self,
        pipeline: Pipeline,
        candidates: Sequence[tuple[str, str]],
        settings: Settings,
        reason: str,
    ) -> None:
        """
        Load the model into another back end.

        :param pipeline: pipeline that receives the model.
        :param candidates: names and devices of back ends; the first that can load the model is
            used.
        :param settings: current settings.
        :param reason: reason for the replacement.
        """
        # A replacement runs on the CPU, whatever the parameter says.
        usual = 'cpu' if self.makeshift else settings.device
        failed = pipeline.classifier.backend
        for name, device in candidates:
            try:
                classifier = self._load_classifier(
                    replace(settings, backend=name, device=device or usual)
                )
                if classifier.card.labels != pipeline.classifier.card.labels:
                    raise BundleError('the labels of the bundle have changed; set the model again')
            except Exception as refusal:  # a broken engine can raise any exception
                self._logger.warning(f'cannot fall back to {name}: {described(refusal)}')
                continue
            with self._exchange:
                pipeline.exchange(classifier=classifier, groups=settings.groups)
            release_memory()
            if device:
                self._recovery.reset()
                self.makeshift = (
                    f'{failed.name} failed ({reason}), so the model runs on {name} on the '
                    f'{classifier.backend.device}. To retry {failed.name}, set the parameter '
                    'backend again'
                )
                self._logger.warning(self.makeshift)
            return

    def _renew(self) -> None:
        """Record that the loaded model is the one that the settings select."""
        self.makeshift = ''
        self._recovery.reset()

    def _load_detector(self, settings: Settings) -> Detector:
        """Load the detector that the settings select."""
        detector = create_detector(settings.detector, settings.detector_model)
        reason = shortened(detector.reason, REASON_LENGTH)
        self._logger.info(f'detector {detector.name} ({reason})')
        return detector

    def _load_classifier(self, settings: Settings) -> Classifier:
        """Load the model that the settings select, and run it once."""
        classifier = load_classifier(settings)
        card, backend = classifier.card, classifier.backend
        self._logger.info(
            f'model {shortened(card.name)} (SHA-256 {card.sha256(backend.kind)[:12]}…) '
            f'on {backend.name}, {backend.device} ({shortened(backend.reason, REASON_LENGTH)})'
        )
        return classifier


def _differ(one: Settings, other: Settings, *names: str) -> bool:
    """Check whether any of the named settings differ between two instances."""
    return any(getattr(one, name) != getattr(other, name) for name in names)
