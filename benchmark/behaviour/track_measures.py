"""Compare track ids with annotated people."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from fer_ros.perception.boxes import overlaps
from fer_ros.perception.faces import Face

# Minimum intersection over union of a face and its annotated box, as in the CLEAR MOT measures of
# MOTChallenge.
SAME = 0.5

# Manual annotations of the people in the videos. An annotation file has the name of its video.
ANNOTATIONS = Path(__file__).parent / 'annotations'

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Switch:
    """
    A change of a person's id.

    :param frame: frame number of the change.
    :param person: number of the person in the annotation.
    :param before: the id before the change.
    :param after: the id after the change.
    :param unseen: time since the person was last detected, in seconds.
    """

    frame: int
    person: int
    before: int
    after: int
    unseen: float


@dataclass(frozen=True)
class TrackMeasures:
    """
    Tracking measures of a video.

    :param boxes: number of annotated boxes.
    :param found: number of annotated boxes that match a face.
    :param false: number of faces that match no annotated box.
    :param ids: number of track ids.
    :param false_ids: number of track ids that never match an annotated person.
    :param switches: id changes of persons who were lost for at most the timeout.
    :param returns: expected id changes, of persons who were lost for longer than the timeout.
    :param fragmentations: number of times that a person was lost and detected again.
    :param idf1: the IDF1 score, 0 to 1 (Ristani et al. 2016, arXiv:1609.01775). Ids are assigned
        to persons one to one, such that the score is highest. A precision is the fraction of faces
        that agree with this assignment, and a recall is the fraction of annotated boxes that
        agree. The score is the harmonic mean of both.
    """

    boxes: int
    found: int
    false: int
    ids: int
    false_ids: int
    switches: tuple[Switch, ...]
    returns: tuple[Switch, ...]
    fragmentations: int
    idf1: float

    @property
    def recall(self) -> float:
        """Return the fraction of the annotated boxes that match a face, 0 to 1."""
        return self.found / self.boxes if self.boxes else 1.0


def read_annotation(video: Path) -> dict[int, dict[int, Box]] | None:
    """
    Read the annotation of a video.

    :param video: path of the video file; the annotation has the same name.
    :return: for each frame, the box of each person in pixels; None if there is no annotation.
    """
    path = ANNOTATIONS / f'{video.stem}.csv'
    if not path.is_file():
        return None
    annotation: dict[int, dict[int, Box]] = {}
    with path.open(encoding='utf-8', newline='') as file:
        for row in csv.DictReader(file):
            left, top, right, bottom = (
                float(row[side]) for side in ('left', 'top', 'right', 'bottom')
            )
            persons = annotation.setdefault(int(row['frame']), {})
            persons[int(row['person'])] = (left, top, right, bottom)
    return annotation


def match(persons: Mapping[int, Box], faces: Sequence[Face]) -> dict[int, Face]:
    """
    Match the faces in a frame with the annotated persons.

    :param persons: annotated box of each person.
    :param faces: faces that the pipeline returned for the frame.
    :return: the face of each person who was detected.
    """
    if not persons or not faces:
        return {}
    names = list(persons)
    shared = overlaps(
        np.array([persons[name] for name in names]), np.array([face.box for face in faces])
    )
    return {
        names[row]: faces[column]
        for row, column in zip(*linear_sum_assignment(-shared), strict=True)
        if shared[row, column] >= SAME
    }


def measure(
    annotation: Mapping[int, Mapping[int, Box]],
    times: Sequence[float],
    answers: Sequence[Sequence[Face]],
    face_timeout: float,
) -> TrackMeasures:
    """
    Compare the faces in a video with its annotation.

    :param annotation: box of each person by frame. Frames without a person may be missing.
    :param times: times of the frames, in seconds.
    :param answers: faces of each frame.
    :param face_timeout: time for which a lost face keeps its id, in seconds.
    """
    last: dict[int, tuple[int, int]] = {}
    changed: list[Switch] = []
    together: dict[tuple[int, int], int] = {}
    found = fragmentations = 0
    lost: set[int] = set()
    for frame, faces in enumerate(answers):
        persons = annotation.get(frame, {})
        faces_of = match(persons, faces)
        found += len(faces_of)
        for person, face in faces_of.items():
            before, frame_before = last.get(person, (face.id, frame))
            if before != face.id:
                unseen = times[frame] - times[frame_before]
                changed.append(Switch(frame, person, before, face.id, unseen))
            fragmentations += person in lost
            last[person] = face.id, frame
            together[person, face.id] = together.get((person, face.id), 0) + 1
        lost = (lost | (set(last) & set(persons))) - set(faces_of)
    boxes = sum(len(persons) for persons in annotation.values())
    answered = sum(len(faces) for faces in answers)
    ids = {face.id for faces in answers for face in faces}
    return TrackMeasures(
        boxes=boxes,
        found=found,
        false=answered - found,
        ids=len(ids),
        false_ids=len(ids - {id_ for _, id_ in together}),
        switches=tuple(one for one in changed if one.unseen <= face_timeout),
        returns=tuple(one for one in changed if one.unseen > face_timeout),
        fragmentations=fragmentations,
        idf1=2 * _agreeing(together) / max(boxes + answered, 1),
    )


def _agreeing(together: Mapping[tuple[int, int], int]) -> int:
    """Count the faces that agree with the best assignment of ids to persons."""
    persons = sorted({person for person, _ in together})
    ids = sorted({id_ for _, id_ in together})
    counts = np.zeros((len(persons), len(ids)))
    for (person, id_), count in together.items():
        counts[persons.index(person), ids.index(id_)] = count
    return int(counts[linear_sum_assignment(-counts)].sum())
