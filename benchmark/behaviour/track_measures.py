"""How well ids follow people whose places are known."""

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

# A face and an annotated box are the same where they share half of what both cover, as in the
# CLEAR MOT measures of MOTChallenge (intersection over union).
SAME = 0.5

# Where people are whom somebody has told apart by looking: file names are those of the videos.
ANNOTATIONS = Path(__file__).parent / 'annotations'

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Switch:
    """
    A person whose id is another one than before.

    :param frame: in which it is.
    :param person: of the annotation.
    :param before: the id until then.
    :param after: the id from then on.
    :param unseen: for how long the person had not been found, in seconds.
    """

    frame: int
    person: int
    before: int
    after: int
    unseen: float


@dataclass(frozen=True)
class TrackMeasures:
    """
    How well ids follow people.

    :param boxes: annotated.
    :param found: of these, covered by a face of an answer.
    :param false: faces of answers where no annotated person is.
    :param ids: given out.
    :param false_ids: of these, never on an annotated person.
    :param switches: where a person's id changed although the person was not lost for longer than
        the timeout.
    :param returns: where it changed after a longer loss, as it should.
    :param fragmentations: how often a person was lost and found again.
    :param idf1: of the best one-to-one assignment of ids to persons, the harmonic mean of the
        shares of the faces and of the annotated boxes that agree with it, 0 to 1 (Ristani et al.
        2016, arXiv:1609.01775).
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
        """Give the share of the annotated boxes that were found, 0 to 1."""
        return self.found / self.boxes if self.boxes else 1.0


def read_annotation(video: Path) -> dict[int, dict[int, Box]] | None:
    """
    Read where the people in a video are.

    :param video: its file; the annotation has its name.
    :return: for each frame, the box of each person in pixels; None where there is no annotation.
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
    Find the face of each person in a frame.

    :param persons: their boxes.
    :param faces: of the answer.
    :return: the faces of the persons who were found.
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
    Compare the answers to the frames of a video with its annotation.

    :param annotation: the boxes of each person in each frame; frames without anybody may lack.
    :param times: of the frames, in seconds.
    :param answers: the faces of each frame.
    :param face_timeout: how long a lost person keeps the id, in seconds.
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
