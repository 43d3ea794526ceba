"""The pipeline, which runs all stages on an image and returns a `FrameResult`."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import AbstractContextManager
from contextlib import nullcontext
from functools import partial

import numpy as np

from fer_ros.perception.attention.head_pose import is_turned
from fer_ros.perception.attention.watcher import AttentionWatcher
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
from fer_ros.perception.decision.smoothing import ROUNDING
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.detection.search_plan import SearchPlan
from fer_ros.perception.faces import Attention
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.faces import Sighting
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.rotation import turn_back
from fer_ros.perception.rotation import turn_upright
from fer_ros.perception.settings import Settings
from fer_ros.perception.space.camera_model import CameraModel
from fer_ros.perception.tracking.flow import follow_face
from fer_ros.perception.tracking.timeline import Timeline
from fer_ros.perception.tracking.tracker import FaceTracker
from fer_ros.perception.tracking.tracker import longest_gap

# Maximum time from one search for faces to the next, for every value of `detect_every` [s].
LONGEST_GUESS = 1.0


def load_pipeline(settings: Settings | None = None) -> Pipeline:
    """
    Load the detector and the classifier according to the settings.

    :param settings: the settings; None for the defaults.
    :return: a pipeline for one camera or one recording.
    :raises DetectorError: if the detector cannot run.
    :raises BundleError: if the model does not exist or is damaged.
    :raises BackendError: if the back end cannot run the model.
    :raises SettingError: if groups or baseline do not fit the model's labels, or the networks for
        attention are missing.
    """
    settings = settings or Settings()
    detector = create_detector(settings.detector, settings.detector_model)
    return assemble_pipeline(detector, load_classifier(settings), settings)


def load_classifier(settings: Settings) -> Classifier:
    """
    Load the model that the settings select, and run it once.

    :param settings: settings that select the model, the back end and the device.
    :raises BundleError: if the model does not exist or is damaged.
    :raises BackendError: if the back end cannot run the model.
    """
    card = load_card(find_bundle(settings.model))
    return create_classifier(card, settings.backend, settings.device, settings.gpu_memory_limit)


def assemble_pipeline(
    detector: Detector,
    classifier: Classifier,
    settings: Settings,
    first_id: int = 1,
    changes: ChangeDetector | None = None,
) -> Pipeline:
    """
    Create a pipeline whose groups are those of the settings.

    :param detector: the face detector.
    :param classifier: the emotion classifier.
    :param settings: settings with the groups, the baseline and whether to measure attention.
    :param first_id: as for `Pipeline`.
    :param changes: as for `Pipeline`.
    :raises SettingError: if groups or baseline do not fit the classifier's labels, or the networks
        for attention are missing.
    """
    pipeline = Pipeline(detector, classifier, first_id, changes)
    pipeline.exchange(groups=settings.groups)
    check_baseline(settings.baseline, classifier.card.labels)
    pipeline.watcher = load_watcher(settings)
    return pipeline


def load_watcher(settings: Settings) -> AttentionWatcher | None:
    """
    Load the networks for attention, if the settings require them.

    :param settings: the settings.
    :raises SettingError: if the networks are missing, or cannot run here.
    """
    return AttentionWatcher() if settings.attention else None


class Pipeline:
    """Detect, track and classify the faces in the images of one camera."""

    def __init__(
        self,
        detector: Detector,
        classifier: Classifier,
        first_id: int = 1,
        changes: ChangeDetector | None = None,
    ) -> None:
        """
        Create a pipeline.

        :param detector: the face detector.
        :param classifier: the emotion classifier.
        :param first_id: id of the first person; above 1 if lower ids were already used.
        :param changes: a change detector that knows the last decision for each person; None to
            start without persons.
        """
        self.detector = detector
        self.classifier = classifier
        # Measures attention; None to measure none. It must not be replaced during `process`.
        self.watcher: AttentionWatcher | None = None
        self._changes = ChangeDetector() if changes is None else changes
        self._group(())
        self._timeline = Timeline()
        self._plan = SearchPlan()
        self._tracker = FaceTracker(first_id)
        self._image: np.ndarray | None = None
        # The time of the last image [s]; None before the first image.
        self._time: float | None = None
        # The scene and the rotation of the last image; None before the first image.
        self._scene: tuple[str, int] | None = None
        # Number of frames since the last search for faces, and time of that search [s].
        self._frames_unseen = 0
        self._looked = 0.0
        self._baselines: dict[int, NeutralBaseline] = {}
        self._smoothers: dict[int, EmotionSmoother] = {}

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels, in the order of the probabilities of a face."""
        return self._grouping.labels

    def exchange(
        self,
        detector: Detector | None = None,
        classifier: Classifier | None = None,
        groups: Sequence[str] | None = None,
    ) -> None:
        """
        Replace the detector, the classifier or the grouping. The faces keep their ids.

        :param detector: the new detector; None to keep the current detector.
        :param classifier: the new classifier; None to keep the current classifier.
        :param groups: labels to merge, each 'name=label,label'. None keeps the current groups, or
            merges no labels if there is a new classifier.
        :raises SettingError: if the groups do not fit the labels; nothing is replaced then.
        """
        if classifier is not None or groups is not None:
            self._group(groups or (), classifier)
            # Past scores belong to other labels or to another classifier, so they are dropped.
            self._smoothers.clear()
        if classifier is not None:
            self._baselines.clear()
            self.classifier = classifier
        if detector is not None:
            self.detector = detector
            self._image = None
            self._plan.restart()

    def _group(self, groups: Sequence[str], classifier: Classifier | None = None) -> None:
        """Set the grouping for the labels of a classifier; None means the current classifier."""
        labels = (classifier or self.classifier).card.labels
        self._grouping = Grouping(groups, labels)
        # (labels, 2) float64, valence and arousal of each of `labels`.
        self._affect = self._grouping.average(affect_of_labels(labels))

    @property
    def next_id(self) -> int:
        """Return the id that the next new person gets."""
        return self._tracker.next_id

    def resume(self) -> None:
        """Accept any timestamp of the next image, because images were left out before it."""
        self._timeline.resume()

    def process(
        self,
        image: np.ndarray,
        stamp: float,
        settings: Settings,
        measured: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
        scene: str = '',
        camera: CameraModel | None = None,
    ) -> FrameResult:
        """
        Process the next image of the camera.

        :param image: (H, W, 3) uint8 BGR. The caller must not change the image before the next
            call, which may read the image again.
        :param stamp: timestamp of the image in seconds. A timestamp far from the expected one is
            ignored, unless the next one agrees with it; see `Timeline`.
        :param settings: settings for this image; they may differ from image to image.
        :param measured: returns a context manager for a stage, 'detect' or 'classify', in which
            that stage runs. The caller can use it to measure the duration of each stage.
        :param scene: name of the scene that the image shows. If it differs from the last one, the
            image shows other people, and all tracks end.
        :param camera: projection of the camera's image, for attention; None to assume one.
        :return: the faces in the image, in the pixels of this image also if the camera is rotated.
            A new face is included as soon as its track is confirmed (see `FaceTracker`).
        :raises BackendError: if the classifier's back end fails; the image is then lost.
        """
        image = turn_upright(image, settings.rotation)
        # Tracks are in pixels of the upright image, so another rotation ends them.
        now_shown = scene, settings.rotation
        new_scene = self._scene is not None and now_shown != self._scene
        self._scene = now_shown
        if new_scene:
            self._plan.restart()
        time = self._timeline.advance(stamp, longest_gap(settings.face_timeout), new_scene)
        # A face not yet published needs no hold time, nor does a frame later than the hold time:
        # the next frame would confirm a change too late.
        late = self._time is not None and time - self._time > settings.hold + ROUNDING
        self._time = time
        known = set() if late else self._tracker.ids
        with measured('detect'):
            sightings = self._find(image, time, settings)
        with measured('classify'):
            scores = self._classify(image, [sighting.face for sighting in sightings])
            attentions = self._attend(image, sightings, time, settings, camera)
        faces = self._follow(sightings, scores, attentions, time, settings, known)
        held = self._tracker.ids
        changed, left = self._changes.update(faces, held)
        result = FrameResult(
            stamp=stamp,
            image_size=(image.shape[0], image.shape[1]),
            labels=self.labels,
            affect=self._affect,
            faces=tuple(faces),
            changed_ids=frozenset(face.id for face in changed),
            left_ids=tuple(left),
            held_ids=frozenset(held),
            boxes=tuple(self._tracker.boxes),
            attention=self.watcher is not None,
        )
        return turn_back(result, settings.rotation)

    def _find(self, image: np.ndarray, time: float, settings: Settings) -> list[Sighting]:
        """Detect faces, or predict their positions if the last detection is recent enough."""
        # If this call fails, no last image remains, and the next image is searched for faces.
        before, self._image = self._image, None
        self._frames_unseen += 1
        due = self._frames_unseen >= settings.detect_every or self._tracker.in_doubt
        late = time - self._looked > LONGEST_GUESS
        if before is not None and before.shape == image.shape and not due and not late:
            look = partial(follow_face, before, image)
            sightings = self._tracker.follow(time, image.shape[0], image.shape[1], look)
            self._image = image
            return sightings
        known = self._tracker.expected(time)
        found = self._plan.search(self.detector, image, time, known, settings)
        self._frames_unseen, self._looked = 0, time
        # If every image is searched for faces, the last image is not needed.
        self._image = image if settings.detect_every > 1 else None
        return self._tracker.update(found, time, settings.face_timeout, settings.max_faces)

    def _classify(self, image: np.ndarray, detections: Sequence[FaceDetection]) -> np.ndarray:
        """Classify the faces of one image in one batch: (detections, labels) float64."""
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

    def _attend(
        self,
        image: np.ndarray,
        sightings: Sequence[Sighting],
        time: float,
        settings: Settings,
        camera: CameraModel | None,
    ) -> Mapping[int, Attention]:
        """Measure the attention of the faces, by the number of their track, if it is wanted."""
        if self.watcher is None:
            return {}
        tracks = self._tracker.numbers
        return self.watcher.update(image, sightings, tracks, time, settings, camera)

    def _follow(
        self,
        sightings: Sequence[Sighting],
        scores: np.ndarray,
        attentions: Mapping[int, Attention],
        time: float,
        settings: Settings,
        known: Collection[int],
    ) -> list[Face]:
        """
        Smooth the scores of each track, and decide the emotion of each person.

        :param sightings: the faces in the frame.
        :param scores: (sightings, model labels) float64, probabilities of this frame.
        :param attentions: attention by the number of the track; empty if it is not measured.
        :param time: time of the frame in seconds.
        :param settings: settings for this frame.
        :param known: ids whose emotion must last for the hold time before it changes.
        :return: the faces that have an id, in the order of their ids.
        """
        turned = {
            sighting.track for sighting in sightings if is_turned(sighting.face, settings.max_yaw)
        }
        corrected = self._correct(sightings, scores, time, settings.baseline, turned)
        own = self._grouping.merge(corrected)
        self._smoothers = {
            track: self._smoothers.get(track) or EmotionSmoother(self.labels)
            for track in self._tracker.numbers
        }
        faces = []
        for sighting, of_frame in zip(sightings, own, strict=True):
            hold = settings.hold if sighting.id in known else 0.0
            probabilities, emotion = self._smoothers[sighting.track].update(
                of_frame,
                time,
                settings.smoothing,
                settings.min_confidence,
                hold,
                turned=sighting.track in turned,
            )
            if sighting.id is not None:
                box, score = sighting.face.box, sighting.face.score
                attention = attentions.get(sighting.track)
                face = Face(sighting.id, box, score, probabilities, emotion, attention=attention)
                faces.append(face)
        return sorted(faces, key=lambda face: face.id)

    def _correct(
        self,
        sightings: Sequence[Sighting],
        scores: np.ndarray,
        time: float,
        duration: float,
        turned: Collection[int],
    ) -> np.ndarray:
        """
        Correct the scores of each face for the neutral expression of that person.

        :param sightings: the faces in the frame.
        :param scores: (sightings, model labels) float64, probabilities of this frame.
        :param time: time of the frame in seconds.
        :param duration: time of observation in which a neutral expression is learned, in seconds.
        :param turned: tracks of the faces that are turned too far. Their scores are replaced by
            equal probabilities, and teach nothing.
        :return: (sightings, model labels) float64, the corrected probabilities.
        """
        labels = self.classifier.card.labels
        if turned:
            rows = np.array([sighting.track in turned for sighting in sightings])
            scores = np.where(rows[:, None], 1 / len(labels), scores)
        if NEUTRAL not in labels:
            return scores
        self._baselines = {
            track: self._baselines.get(track) or NeutralBaseline(labels)
            for track in self._tracker.numbers
        }
        corrected = [
            of_frame
            if sighting.track in turned
            else self._baselines[sighting.track].correct(of_frame, time, duration)
            for sighting, of_frame in zip(sightings, scores, strict=True)
        ]
        return np.array(corrected).reshape(scores.shape)
