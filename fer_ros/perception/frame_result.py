"""What one image shows: the value that all outputs get."""

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
    What one image of a camera shows.

    :param stamp: when the image was taken, in seconds.
    :param image_size: its (height, width) in pixels.
    :param labels: the emotions, in the order of the probabilities of a face.
    :param affect: (labels, 2) float64, the valence and the arousal of each label, -1 to 1.
    :param faces: in the image, in the order of their ids.
    :param changed_ids: of those of the faces that came, or whose decided emotion changed.
    :param left_ids: of the persons who left with this image.
    :param held_ids: of all persons who are here, or were a moment ago.
    :param boxes: (left, top, right, bottom) in pixels of everything that may be a face; see
        `FaceTracker.boxes`.
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

    @property
    def changed_faces(self) -> tuple[Face, ...]:
        """Give the faces that came, or whose decided emotion changed."""
        return tuple(face for face in self.faces if face.id in self.changed_ids)

    def located(self, positions: Mapping[int, Position | None]) -> FrameResult:
        """
        Give the same result with positions.

        :param positions: by the ids of the faces; a missing one is not known.
        """
        faces = (replace(face, position=positions.get(face.id)) for face in self.faces)
        return replace(self, faces=tuple(faces))
