"""The detector and the classifier in use: loads, exchanges and recovers them."""

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
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.decision.baseline import check_baseline
from fer_ros.perception.decision.changes import ChangeDetector
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import Settings

# With one of these another model, or the same one otherwise, must be loaded.
MODEL_SETTINGS = ('model', 'backend', 'device', 'gpu_memory_limit')


class ModelSlot:
    """Holds the pipeline while models are loaded; no id is given twice while it lives."""

    def __init__(self, logger: Any) -> None:
        """
        Begin empty.

        :param logger: of the node.
        """
        self._logger = logger
        # Held while models are loaded: for who sets a parameter, or after a failure.
        self.loading = Lock()
        # Held while an image is in the pipeline, and while models are exchanged between two.
        self._exchange = Lock()
        self._pipeline: Pipeline | None = None
        # What the next pipeline goes on with.
        self._changes = ChangeDetector()
        self._next_id = 1
        self._recovery = Recovery()
        # What the node does without since something failed, in a sentence, or empty.
        self.makeshift = ''

    @property
    def pipeline(self) -> Pipeline | None:
        """Give the models in use; None while nothing is loaded."""
        return self._pipeline

    def load(self, settings: Settings) -> None:
        """
        Load the models.

        :param settings: that name them.
        :raises Exception: why they cannot be loaded.
        """
        pipeline = Pipeline(
            self._load_detector(settings),
            self._load_classifier(settings),
            self._next_id,
            self._changes,
        )
        pipeline.exchange(groups=settings.groups)
        check_baseline(settings.baseline, pipeline.classifier.card.labels)
        self._pipeline = pipeline
        self._renew()

    def unload(self) -> None:
        """Let the models go; no image may be in the pipeline."""
        if self._pipeline is not None:
            self._next_id = self._pipeline.next_id
            self._pipeline = None
        release_memory()

    def apply(self, settings: Settings, old: Settings, given: Collection[str]) -> bool:
        """
        Load what must be loaded for new settings, and exchange it between two images.

        While that lasts, the old models are in use.  `loading` must be held.

        :param settings: the new ones.
        :param old: those in force.
        :param given: the names of those that somebody set, changed or not: a setting of the model
            that keeps its value tries the model again after a failure.
        :return: whether anything was exchanged.
        :raises Exception: why a model cannot be loaded; then nothing is exchanged.
        """
        pipeline = self._pipeline
        if pipeline is None:
            # What cannot be found is refused now, what cannot be loaded when it is.
            load_card(find_bundle(settings.model))
            return False
        anew = bool(self.makeshift) and not set(MODEL_SETTINGS).isdisjoint(given)
        detector = classifier = groups = None
        if _differ(settings, old, 'detector', 'detector_model'):
            detector = self._load_detector(settings)
        if anew or _differ(settings, old, *MODEL_SETTINGS):
            classifier = self._load_classifier(settings)
        check_baseline(settings.baseline, (classifier or pipeline.classifier).card.labels)
        if classifier is not None or settings.groups != old.groups:
            groups = settings.groups
        if detector is None and groups is None:
            return False
        with self._exchange:
            pipeline.exchange(detector, classifier, groups)
        if classifier is not None:
            self._renew()
            release_memory()
        return True

    def process(
        self,
        image: np.ndarray,
        stamp: float,
        settings: Settings,
        measured: Callable[[str], AbstractContextManager[None]],
    ) -> FrameResult | None:
        """
        Take the next image through the pipeline; see `Pipeline.process`.

        :return: what it shows; None while nothing is loaded.
        :raises BackendError: if the classifier's back end fails; then call `recover`.
        """
        pipeline = self._pipeline
        if pipeline is None:
            return None
        with self._exchange:
            result = pipeline.process(image, stamp, settings, measured)
        if result.faces:
            self._recovery.reset()
        return result

    def recover(self, error: BackendError, settings: Callable[[], Settings]) -> None:
        """
        Load the model anew, or into another back end, after it failed again and again.

        :param error: of the back end.
        :param settings: gives those in force.
        """
        pipeline = self._pipeline
        if pipeline is None:
            return
        failed = pipeline.classifier
        candidates = self._recovery.fail(failed.backend, error)
        if not candidates:
            return
        with self.loading:
            # Who set a parameter meanwhile has exchanged it already.
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

        :param pipeline: that it is for.
        :param candidates: names and devices; the first that takes the model stays.
        :param settings: those in force.
        :param reason: why another is needed.
        """
        failed = pipeline.classifier.backend
        for name, device in candidates:
            try:
                classifier = self._load_classifier(
                    replace(settings, backend=name, device=device or settings.device)
                )
            except Exception as refusal:  # an engine that breaks raises anything
                self._logger.warning(f'cannot fall back to {name}: {described(refusal)}')
                continue
            with self._exchange:
                pipeline.exchange(classifier=classifier, groups=settings.groups)
            release_memory()
            if device:
                self._recovery.reset()
                self.makeshift = (
                    f'the model runs on {name}, on the {classifier.backend.device}, as '
                    f'{failed.name} failed: {reason}; setting backend tries what is set again'
                )
                self._logger.warning(self.makeshift)
            return

    def _renew(self) -> None:
        """Note that the model is the one that the settings ask for."""
        self.makeshift = ''
        self._recovery.reset()

    def _load_detector(self, settings: Settings) -> Detector:
        """Load the detector that the settings ask for."""
        detector = create_detector(settings.detector, settings.detector_model)
        reason = shortened(detector.reason, REASON_LENGTH)
        self._logger.info(f'detector {detector.name} ({reason})')
        return detector

    def _load_classifier(self, settings: Settings) -> Classifier:
        """Load the model that the settings ask for, and try it."""
        card = load_card(find_bundle(settings.model))
        classifier = create_classifier(
            card, settings.backend, settings.device, settings.gpu_memory_limit
        )
        backend = classifier.backend
        self._logger.info(
            f'model {shortened(card.name)} (SHA-256 {card.sha256(backend.kind)[:12]}…) '
            f'on {backend.name}, {backend.device} ({shortened(backend.reason, REASON_LENGTH)})'
        )
        return classifier


def _differ(one: Settings, other: Settings, *names: str) -> bool:
    """Say if one of some settings differs."""
    return any(getattr(one, name) != getattr(other, name) for name in names)
