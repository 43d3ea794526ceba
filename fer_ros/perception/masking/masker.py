"""Hide all faces of consecutive images."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence

import numpy as np

from fer_ros.perception.boxes import Box
from fer_ros.perception.boxes import overlap
from fer_ros.perception.detection.candidates import SAME_FACE
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.masking.regions import COLOUR
from fer_ros.perception.masking.regions import cover
from fer_ros.perception.masking.search import LEFT
from fer_ros.perception.masking.search import search
from fer_ros.perception.masking.search import Suspect
from fer_ros.perception.masking.search import VIEWS
from fer_ros.perception.tracking.timeline import Timeline
from fer_ros.perception.tracking.tracker import FaceTracker
from fer_ros.perception.tracking.tracker import longest_gap

# A detection with at least this score is remembered. If the detector misses the face in the next
# images, the face stays covered where it is expected.
REMEMBERED = 0.3
# How long a face stays covered after its last detection [s].
HELD = 1.0
# The score of a remembered face for the tracker, which would otherwise drop a face after a few
# misses if the face was detected only once.
TRUSTED = 1.0
# No face is dropped because there are many others.
MOST_FACES = 1_000_000

# A masked image is searched again at most this many times. Each time, what is found is covered. If
# there is still something after the last time, the whole image is covered.
MOST_ROUNDS = 6


def load_detectors(name: str = 'auto', weights: str = '') -> list[Detector]:
    """
    Load the detectors that search for faces to hide, apart from those of any pipeline.

    :param name: name of the detector that the user has chosen, as for `create_detector`.
    :param weights: path of its weights; empty to search for them.
    :return: the best detector that can run here, then the chosen one if it may find other faces.
    :raises DetectorError: if no detector can run.
    """
    detectors: list[Detector] = []
    refusals = []
    for choice in dict.fromkeys([('auto', ''), (name, weights)]):
        try:
            detectors.append(create_detector(*choice))
        except DetectorError as error:
            refusals.append(str(error))
    if not detectors:
        raise DetectorError(f'no detector can hide faces: {"; ".join(refusals)}')
    best = detectors[0]
    # All weights of YuNet have the same origin, and `create_detector` selects the most precise.
    same = best.name if best.name == 'yunet' or not weights else ''
    return [best, *(one for one in detectors[1:] if one.name != same)]


class FaceMasker:
    """
    Hide all faces in the images of one camera.

    The masker searches each image as a whole with detectors of its own, so it depends neither on
    the settings of the pipeline nor on its models. Use it in one thread at a time.
    """

    def __init__(self, detectors: Sequence[Detector]) -> None:
        """
        Create a masker.

        :param detectors: the detectors, the best first; nothing else may use them.
        """
        self._detectors = tuple(detectors)
        self._timeline = Timeline()
        self._tracker = FaceTracker()
        self._scene: str | None = None

    def mask(
        self,
        image: np.ndarray,
        known: Iterable[Box] = (),
        stamp: float = 0.0,
        scene: str = '',
        rotation: int = 0,
    ) -> np.ndarray:
        """
        Cover everything in the next image that may be a face.

        :param image: (H, W, 3) uint8 BGR; it is not changed.
        :param known: (left, top, right, bottom) in pixels of faces known from elsewhere, which are
            covered as well.
        :param stamp: timestamp of the image in seconds.
        :param scene: name of the scene that the image shows, as for `Pipeline.process`.
        :param rotation: clockwise rotation of the camera in degrees, one of ROTATIONS.
        :return: (H, W, 3) uint8 BGR, a masked copy.
        :raises Exception: if a detector fails. The image is then not masked.
        """
        suspects = [
            suspect
            for detector in self._detectors
            for suspect in search(image, detector, VIEWS.get(detector.name, LEFT), rotation)
        ]
        held = self._remember(suspects, stamp, scene)
        masked: np.ndarray = image.copy()
        for box in (*(suspect.box for suspect in suspects), *known, *held):
            cover(masked, box)
        for _ in range(MOST_ROUNDS):
            left = search(masked, self._detectors[0], LEFT, rotation)
            if not left:
                return masked
            for suspect in left:
                cover(masked, suspect.box)
        masked[:] = COLOUR
        return masked

    def _remember(self, suspects: Sequence[Suspect], stamp: float, scene: str) -> list[Box]:
        """Track the likely faces; return the boxes of all faces seen or missed a moment ago."""
        new_scene = self._scene is not None and scene != self._scene
        self._scene = scene
        time = self._timeline.advance(stamp, longest_gap(HELD), new_scene)
        self._tracker.update(_likely(suspects), time, HELD, MOST_FACES)
        # A person may have stopped, or have moved on as before.
        return [*self._tracker.boxes, *self._tracker.last_boxes]


def _likely(suspects: Sequence[Suspect]) -> list[FaceDetection]:
    """Return one detection for each likely face; a face has a box from each of several views."""
    faces: list[FaceDetection] = []
    eyes = np.zeros((2, 2), np.float32)
    for suspect in sorted(suspects, key=lambda one: -one.score):
        if suspect.score < REMEMBERED:
            break
        if all(overlap(suspect.box, face.box) <= SAME_FACE for face in faces):
            faces.append(FaceDetection(suspect.box, TRUSTED, eyes))
    return faces
