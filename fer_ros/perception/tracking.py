"""From detections over time to who is who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from fer_ros.perception.boxes import overlaps
from fer_ros.perception.faces import FaceDetection

# Two boxes further apart than this many times their mean side are not the same face.
FARTHEST = 1.0

# Nor are two whose sides differ by more than this factor.
LARGEST_GROWTH = 2.0

# A face's motion is believed less the longer it is not seen: its speed halves in this time [s].
SPEED_HALF_LIFE = 0.3

# How much of the newest motion goes into the speed.
SPEED_GAIN = 0.5

# A face that was in the last frame is not lost, however short the timeout, unless the camera stood
# still for longer than this [s].
SLOWEST_PERIOD = 2.0

# The cost of a pair that must not be matched; any sum of possible costs is below it.
IMPOSSIBLE = 1e6


@dataclass
class _Track:
    """A person's face as it was last seen: box in pixels, speed of its centre in pixels/s."""

    id: int
    box: np.ndarray
    speed: np.ndarray
    time: float

    def predicted_box(self, time: float) -> np.ndarray:
        """Where the box should be now, its motion dying away."""
        rate = np.log(2) / SPEED_HALF_LIFE
        reach = (1 - np.exp(-rate * (time - self.time))) / rate
        return self.box + np.tile(self.speed * reach, 2)


class FaceTracker:
    """Gives each person's face a number that it keeps from frame to frame."""

    def __init__(self) -> None:
        self._tracks: dict[int, _Track] = {}
        self._next_id = 1
        self._time = 0.0

    @property
    def ids(self) -> set[int]:
        """Give the ids still held, of faces seen or lost for less than the timeout."""
        return set(self._tracks)

    def update(
        self, detections: Sequence[FaceDetection], time: float, face_timeout: float
    ) -> list[int]:
        """
        Find out who each detection is.

        Detections are assigned to the faces known so far by the Hungarian method (Kuhn 1955), on
        the overlap and the distance of the boxes.

        :param detections: of one frame.
        :param time: of the frame, in seconds; later than that of the last update.
        :param face_timeout: how long a face that is lost keeps its id, in seconds.
        :return: the id of each detection.  An id is never used for another face again.
        """
        patience = face_timeout
        if time - self._time <= SLOWEST_PERIOD:
            patience = max(patience, time - self._time)
        self._tracks = {
            id_: track
            for id_, track in self._tracks.items()
            if time - track.time <= patience
        }
        self._time = time
        boxes = np.array([found.box for found in detections], np.float64).reshape(-1, 4)
        known = list(self._tracks.values())
        matches = _assign(boxes, known, time)
        ids = []
        for index, box in enumerate(boxes):
            track = matches.get(index)
            if track is None:
                track = _Track(self._next_id, box, np.zeros(2), time)
                self._tracks[track.id] = track
                self._next_id += 1
            else:
                _move(track, box, time)
            ids.append(track.id)
        # Who is lost for the whole timeout now will not be found in a later frame either.
        self._tracks = {
            id_: track
            for id_, track in self._tracks.items()
            if time - track.time <= face_timeout
        }
        return ids


def _assign(boxes: np.ndarray, tracks: Sequence[_Track], time: float) -> dict[int, _Track]:
    """Match boxes with tracks: the track of a box's index, where there is one."""
    if not len(boxes) or not tracks:
        return {}
    expected = np.array([track.predicted_box(time) for track in tracks])
    sides = _sides(boxes)[:, None]
    expected_sides = _sides(expected)[None, :]
    between = _centres(boxes)[:, None] - _centres(expected)[None, :]
    distance = np.linalg.norm(between, axis=2) / ((sides + expected_sides) / 2)
    growth = np.maximum(sides, expected_sides) / np.minimum(sides, expected_sides)
    cost = 1 - overlaps(boxes, expected) + distance
    cost[(distance > FARTHEST) | (growth > LARGEST_GROWTH)] = IMPOSSIBLE
    rows, columns = linear_sum_assignment(cost)
    return {
        int(row): tracks[column]
        for row, column in zip(rows, columns, strict=True)
        if cost[row, column] < IMPOSSIBLE
    }


def _move(track: _Track, box: np.ndarray, time: float) -> None:
    """Bring a track to where its face was seen now."""
    seen_speed = (_centres(box[None]) - _centres(track.box[None]))[0] / (time - track.time)
    track.speed = track.speed + SPEED_GAIN * (seen_speed - track.speed)
    track.box = box
    track.time = time


def _centres(boxes: np.ndarray) -> np.ndarray:
    """Give the middle of each box: (N, 2)."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _sides(boxes: np.ndarray) -> np.ndarray:
    """Give the side of the square of each box's area: (N,), at least a pixel."""
    return np.maximum(np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)), 1)
