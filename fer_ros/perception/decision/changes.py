"""Detect changes between frames: new persons, changed emotions, and persons who left."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence

from fer_ros.perception.faces import Face


class ChangeDetector:
    """Remember the last decided emotion of each person, and detect changes."""

    def __init__(self) -> None:
        self._told: dict[int, str] = {}

    def update(
        self, faces: Sequence[Face], held_ids: Collection[int]
    ) -> tuple[list[Face], list[int]]:
        """
        Compare the faces of the next frame with the last known emotions.

        :param faces: the faces in the frame.
        :param held_ids: ids of all persons who are visible, or lost for less than the timeout.
        :return: the faces that are new or whose decided emotion changed, and the ids of the
            persons who left.
        """
        changed = [face for face in faces if self._told.get(face.id) != face.emotion]
        left = sorted(set(self._told) - set(held_ids))
        for id_ in left:
            del self._told[id_]
        self._told.update({face.id: face.emotion for face in changed})
        return changed, left
