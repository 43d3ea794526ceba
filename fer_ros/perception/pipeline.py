"""The stages in their order: an image in, a `FrameResult` out."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Sequence
from contextlib import AbstractContextManager
from contextlib import nullcontext
from functools import partial

import numpy as np

from fer_ros.perception.classification.affect import affect_of_labels
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.classification.grouping import Grouping
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.decision.baseline import check_baseline
from fer_ros.perception.decision.baseline import NEUTRAL
from fer_ros.perception.decision.baseline import NeutralBaseline
from fer_ros.perception.decision.changes import ChangeDetector
from fer_ros.perception.decision.smoothing import EmotionSmoother
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.faces import Sighting
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import Settings
from fer_ros.perception.tracking.flow import follow_face
from fer_ros.perception.tracking.timeline import Timeline
from fer_ros.perception.tracking.tracker import FaceTracker

# Whatever `detect_every` says, faces are searched again when the last search is longer ago [s].
LONGEST_GUESS = 1.0


def load_pipeline(settings: Settings | None = None) -> Pipeline:
    """
    Load the detector and the classifier that settings ask for.

    :param settings: None for the defaults.
    :return: a pipeline for one camera or one recording.
    :raises DetectorError: if the detector cannot run.
    :raises BundleError: if there is no such model, or it is damaged.
    :raises BackendError: if the back end cannot run it.
    :raises SettingError: if groups or baseline do not fit the model's labels.
    """
    settings = settings or Settings()
    detector = create_detector(settings.detector, settings.detector_model)
    classifier = create_classifier(
        load_card(find_bundle(settings.model)),
        settings.backend,
        settings.device,
        settings.gpu_memory_limit,
    )
    pipeline = Pipeline(detector, classifier)
    pipeline.exchange(groups=settings.groups)
    check_baseline(settings.baseline, classifier.card.labels)
    return pipeline


class Pipeline:
    """Follows the faces of one camera."""

    def __init__(
        self,
        detector: Detector,
        classifier: Classifier,
        first_id: int = 1,
        changes: ChangeDetector | None = None,
    ) -> None:
        """
        Put the stages together.

        :param detector: finds faces.
        :param classifier: says what each shows.
        :param first_id: the id of who comes first, where others were given before.
        :param changes: knows what was told of persons before; None if nothing was.
        """
        self.detector = detector
        self.classifier = classifier
        self._changes = ChangeDetector() if changes is None else changes
        self._group(())
        self._timeline = Timeline()
        self._tracker = FaceTracker(first_id)
        self._image: np.ndarray | None = None
        # Of the last image that was searched for faces: how many frames ago, and when.
        self._frames_unseen = 0
        self._looked = 0.0
        self._baselines: dict[int, NeutralBaseline] = {}
        self._smoothers: dict[int, EmotionSmoother] = {}

    @property
    def labels(self) -> tuple[str, ...]:
        """Name the emotions, in the order of the probabilities of a face."""
        return self._grouping.labels

    def exchange(
        self,
        detector: Detector | None = None,
        classifier: Classifier | None = None,
        groups: Sequence[str] | None = None,
    ) -> None:
        """
        Go on with another detector, classifier or grouping; the faces keep their ids.

        :param detector: None to keep the one there is.
        :param classifier: None to keep the one there is.
        :param groups: labels to merge, each 'name=label,label'; None to keep them as they are, or
            with another classifier to merge none.
        :raises SettingError: if the groups do not fit the labels; nothing is exchanged then.
        """
        if classifier is not None or groups is not None:
            self._group(groups or (), classifier)
            # The scores so far are of other labels, or of another opinion.
            self._smoothers.clear()
        if classifier is not None:
            self._baselines.clear()
            self.classifier = classifier
        if detector is not None:
            self.detector = detector
            self._image = None

    def _group(self, groups: Sequence[str], classifier: Classifier | None = None) -> None:
        """Merge labels of a classifier, or of the one there is."""
        labels = (classifier or self.classifier).card.labels
        self._grouping = Grouping(groups, labels)
        # Of each of `labels`.
        self._affect = self._grouping.average(affect_of_labels(labels))

    @property
    def next_id(self) -> int:
        """Give the id of who comes next."""
        return self._tracker.next_id

    def process(
        self,
        image: np.ndarray,
        stamp: float,
        settings: Settings,
        measured: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
    ) -> FrameResult:
        """
        Take the next image of the camera through all stages.

        :param image: (H, W, 3) uint8 BGR; the next call looks at it again, unchanged.
        :param stamp: when it was taken, in seconds; it need not be later than the last.
        :param settings: what holds for this image; they may differ from image to image.
        :param measured: makes what surrounds the stages 'detect' and 'classify', for who has a
            clock.
        :return: what it shows; a new face is among the faces when it was seen often enough to be
            believed (see `FaceTracker`).
        :raises BackendError: if the classifier's back end fails; the image is then lost.
        """
        time = self._timeline.advance(stamp)
        known = self._tracker.ids
        with measured('detect'):
            sightings = self._find(image, time, settings)
        with measured('classify'):
            scores = self._classify(image, [sighting.face for sighting in sightings])
        faces = self._follow(sightings, scores, time, settings, known)
        held = self._tracker.ids
        changed, left = self._changes.update(faces, held)
        return FrameResult(
            stamp=stamp,
            image_size=(image.shape[0], image.shape[1]),
            labels=self.labels,
            affect=self._affect,
            faces=tuple(faces),
            changed_ids=frozenset(face.id for face in changed),
            left_ids=tuple(left),
            held_ids=frozenset(held),
            boxes=tuple(self._tracker.boxes),
        )

    def _find(self, image: np.ndarray, time: float, settings: Settings) -> list[Sighting]:
        """Look for faces, or say where they are by now when they were looked for lately."""
        # Without a last image, after a failure for instance, the next one is searched.
        before, self._image = self._image, None
        self._frames_unseen += 1
        due = self._frames_unseen >= settings.detect_every or self._tracker.in_doubt
        late = time - self._looked > LONGEST_GUESS
        if before is not None and before.shape == image.shape and not due and not late:
            self._image = image
            look = partial(follow_face, before, image)
            return self._tracker.follow(time, image.shape[0], image.shape[1], look)
        found = self.detector.detect(image, settings.min_face_score, settings.min_face_size)
        self._frames_unseen, self._looked = 0, time
        # Where every image is searched, none has to be kept.
        self._image = image if settings.detect_every > 1 else None
        return self._tracker.update(found, time, settings.face_timeout, settings.max_faces)

    def _classify(self, image: np.ndarray, detections: Sequence[FaceDetection]) -> np.ndarray:
        """Score the faces of one image, all in one batch: (detections, labels) float64."""
        card = self.classifier.card
        crops = [
            align_face(
                image,
                found.eyes,
                card.crop,
                card.input.height,
                card.input.width,
                self.detector.least_eye_distance * found.height,
            )
            for found in detections
        ]
        return self.classifier.classify(crops)

    def _follow(
        self,
        sightings: Sequence[Sighting],
        scores: np.ndarray,
        time: float,
        settings: Settings,
        known: Collection[int],
    ) -> list[Face]:
        """Say what each person shows over time; the ids that were known before count as told."""
        own = self._grouping.merge(self._correct(sightings, scores, time, settings.baseline))
        self._smoothers = {
            track: self._smoothers.get(track) or EmotionSmoother(self.labels)
            for track in self._tracker.numbers
        }
        faces = []
        for sighting, of_frame in zip(sightings, own, strict=True):
            # What nobody was told of yet has not to last.
            hold = settings.hold if sighting.id in known else 0.0
            probabilities, emotion = self._smoothers[sighting.track].update(
                of_frame, time, settings.smoothing, settings.min_confidence, hold
            )
            if sighting.id is not None:
                box, score = sighting.face.box, sighting.face.score
                faces.append(Face(sighting.id, box, score, probabilities, emotion))
        return sorted(faces, key=lambda face: face.id)

    def _correct(
        self, sightings: Sequence[Sighting], scores: np.ndarray, time: float, duration: float
    ) -> np.ndarray:
        """Take from each face's scores what that person's face shows at rest."""
        labels = self.classifier.card.labels
        if NEUTRAL not in labels:
            return scores
        self._baselines = {
            track: self._baselines.get(track) or NeutralBaseline(labels)
            for track in self._tracker.numbers
        }
        corrected = [
            self._baselines[sighting.track].correct(of_frame, time, duration)
            for sighting, of_frame in zip(sightings, scores, strict=True)
        ]
        return np.array(corrected).reshape(scores.shape)
