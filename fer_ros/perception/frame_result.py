"""The result for one frame, from which every output is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace

import numpy as np

from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position


@dataclass(frozen=True)
class FrameResult:
    """
    The result of the pipeline for one image of a camera.

    :param stamp: timestamp of the image, in seconds.
    :param image_size: (height, width) of the image in pixels.
    :param labels: the emotion labels, in the order of the probabilities of a face.
    :param affect: (labels, 2) float64, the valence and the arousal of each label, -1 to 1.
    :param faces: the faces in the image, in the order of their ids.
    :param changed_ids: ids of the faces that are new or whose decided emotion changed.
    :param left_ids: ids of the persons who left: ids that are no longer held from this image on.
    :param held_ids: ids of all persons who are visible, or lost for less than the timeout.
    :param boxes: (left, top, right, bottom) in pixels of everything that may be a face; see
        `FaceTracker.boxes`.
    :param attention: whether the attention of the faces is measured.
    """

    stamp: float
    image_size: tuple[int, int]
    labels: tuple[str, ...]
    affect: np.ndarray
    faces: tuple[Face, ...] = ()
    changed_ids: frozenset[int] = frozenset()
    left_ids: tuple[int, ...] = ()
    held_ids: frozenset[int] = frozenset()
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    attention: bool = False

    @property
    def changed_faces(self) -> tuple[Face, ...]:
        """Return the faces that are new or whose decided emotion changed."""
        return tuple(face for face in self.faces if face.id in self.changed_ids)

    def affect_of(self, face: Face) -> tuple[float, float]:
        """
        Return the expected valence and arousal of a face, over all its probabilities.

        :param face: a face of the result.
        :return: valence and arousal, -1 to 1.
        """
        valence, arousal = np.clip(face.probabilities @ self.affect, -1, 1)
        return float(valence), float(arousal)

    def located(self, positions: Mapping[int, Position | None]) -> FrameResult:
        """
        Return a copy of the result with positions.

        :param positions: the position of each face by its id; None or a missing id means unknown.
        """
        faces = (replace(face, position=positions.get(face.id)) for face in self.faces)
        return replace(self, faces=tuple(faces))
