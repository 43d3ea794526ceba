"""From faces over time to what changed: who came, whose emotion is another, who left."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence

from fer_ros.perception.faces import Face


class ChangeDetector:
    """Knows what was last told of each person."""

    def __init__(self) -> None:
        self._told: dict[int, str] = {}

    def update(
        self, faces: Sequence[Face], held_ids: Collection[int]
    ) -> tuple[list[Face], list[int]]:
        """
        Take the faces of the next frame.

        :param faces: that are seen.
        :param held_ids: of all persons who are still here, those included who are lost for less
            than the timeout.
        :return: the faces that came or whose decided emotion changed, and the ids of who left.
        """
        changed = [face for face in faces if self._told.get(face.id) != face.emotion]
        left = sorted(set(self._told) - set(held_ids))
        for id_ in left:
            del self._told[id_]
        self._told.update({face.id: face.emotion for face in changed})
        return changed, left
