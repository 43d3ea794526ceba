"""From detections over time to who is who."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
import math

import numpy as np

from fer_ros.perception.boxes import Box
from fer_ros.perception.boxes import clip_box
from fer_ros.perception.boxes import overlap
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.faces import Sighting
from fer_ros.perception.tracking.assignment import assign

# Two boxes further apart than this many times their mean side are not the same face.
FARTHEST = 1.0

# Nor are two whose sides differ by more than this factor.
LARGEST_GROWTH = 1.6

# A face that is lost may be where its motion took it, or still where it was seen last: who leaves
# the picture and returns does so at the same border.  The latter costs this much more.
RETURN_COST = 0.3

# A face's motion is believed less the longer it is not seen: its speed halves in this time [s].
SPEED_HALF_LIFE = 0.3

# Over how long the motion of a face is averaged [s]: half of it is new in a frame at 30 Hz.
SPEED_TIME = 0.15

# A face that was in the last frame is not lost, however short the timeout, unless the camera stood
# still for longer than this [s].
SLOWEST_PERIOD = 2.0

# The cost of a pair that must not be matched; any sum of possible costs is below it.
IMPOSSIBLE = 1e6

# A new face is believed when this is what is left of the chance that all its detections were
# false: two of a score of 0.62 will do.
MOST_DOUBT = 0.15

# Each frame that does not show it makes the doubt this much larger.
DOUBT_OF_A_MISS = 2.0

# It must also be seen for this long, as most false detections last for one frame [s]: three frames
# at 30 Hz, two at 10 Hz.
BELIEF_TIME = 0.06

# Where the next frame is further off than this, or nobody knows if there will be one, a detection
# is believed at once: waiting would cost more than a false face now and then [s].
LONG_PERIOD = 0.25

# A box with its middle and the side of its square.
_Place = tuple[Box, complex, float]

# Finds a face again: where it was in the last image and where it is expected in this one → where
# it is, or None.
Look = Callable[[FaceDetection, FaceDetection], FaceDetection | None]


@dataclass(eq=False)
class _Track:
    """
    A face as it was last seen.

    :param number: of the track, from its first detection on.
    :param face: the last detection, or where the face was followed to since.
    :param placed: when the face was there, in seconds.
    :param time: of the last detection, in seconds.
    :param since: time of the first detection.
    :param doubt: how likely it still is that there is no face, 0 to 1.
    :param speed: of the centre, in pixels per second: to the right, and as imaginary part down.
    :param growth: of the logarithm of the side, per second.
    :param id: of the person, from when the face is believed.
    :param shown: when it was last among the faces that are kept, in seconds.
    """

    number: int
    face: FaceDetection
    placed: float
    time: float
    since: float
    doubt: float
    speed: complex = 0j
    growth: float = 0.0
    id: int | None = None
    shown: float = 0.0

    def predicted(self, time: float) -> FaceDetection:
        """Say where the face should be now, its motion dying away."""
        moved, scale = self._motion(time)
        shift = moved - scale * _centre(self.face.box)
        eyes = np.asarray(scale * self.face.eyes + (shift.real, shift.imag), np.float32)
        return replace(self.face, box=self.predicted_box(time), eyes=eyes)

    def predicted_box(self, time: float) -> Box:
        """Say where the face's box should be now."""
        moved, scale = self._motion(time)
        across, down = scale * self.face.width / 2, scale * self.face.height / 2
        return (moved.real - across, moved.imag - down, moved.real + across, moved.imag + down)

    def _motion(self, time: float) -> tuple[complex, float]:
        """Give where the middle should be now, and how many times as large the face."""
        rate = math.log(2) / SPEED_HALF_LIFE
        reach = (1 - math.exp(-rate * (time - self.placed))) / rate
        return _centre(self.face.box) + self.speed * reach, math.exp(self.growth * reach)

    def move(self, face: FaceDetection, time: float) -> None:
        """Bring the track to where its face was detected now."""
        self.place(face, time)
        self.time = time
        self.doubt *= 1 - face.score

    def place(self, face: FaceDetection, time: float) -> None:
        """Bring the track to where its face is now, and learn how it moves."""
        elapsed = time - self.placed
        weight = 1 - math.exp(-elapsed / SPEED_TIME)
        seen_speed = (_centre(face.box) - _centre(self.face.box)) / elapsed
        seen_growth = math.log(_side(face.box) / _side(self.face.box)) / elapsed
        self.speed += weight * (seen_speed - self.speed)
        self.growth += weight * (seen_growth - self.growth)
        self.face = face
        self.placed = time

    def is_credible(self, period: float | None) -> bool:
        """
        Say if the face was seen often enough to be believed.

        :param period: since the last frame, in seconds; None where there was none before.
        """
        if period is None or period > LONG_PERIOD:
            return True
        return self.doubt <= MOST_DOUBT and self.time - self.since >= BELIEF_TIME


class FaceTracker:
    """Gives each person's face a number that it keeps from frame to frame."""

    def __init__(self, first_id: int = 1) -> None:
        """
        Begin with nobody.

        :param first_id: the id of who comes first.
        """
        self.next_id = first_id
        self._tracks: list[_Track] = []
        self._kept: list[_Track] = []
        self._next_number = 1
        # Of the last frame, and of the last one with detections.
        self._time: float | None = None
        self._looked: float | None = None

    @property
    def ids(self) -> set[int]:
        """Give the ids still held, of faces seen or lost for less than the timeout."""
        return {track.id for track in self._tracks if track.id is not None}

    @property
    def numbers(self) -> set[int]:
        """Give the numbers of all tracks, those included that are not believed yet."""
        return {track.number for track in self._tracks}

    @property
    def boxes(self) -> list[Box]:
        """
        Give where a face may be now, believed or not, seen in this frame or lost.

        :return: (left, top, right, bottom) of each, in pixels.
        """
        return [track.predicted_box(self._time or 0.0) for track in self._tracks]

    @property
    def in_doubt(self) -> bool:
        """Say if another look would tell whether a new face is one."""
        return any(track.id is None for track in self._kept)

    def update(
        self,
        detections: Sequence[FaceDetection],
        time: float,
        face_timeout: float,
        max_faces: int,
    ) -> list[Sighting]:
        """
        Find out who each detection is.

        Detections are assigned to the faces known so far by the Hungarian method (Kuhn 1955), on
        the overlap and the distance of the boxes.  A new face gets an id, which is never used for
        another one, when it was seen often enough to be believed.

        :param detections: of one frame.
        :param time: of the frame, in seconds; later than that of the last frame.
        :param face_timeout: how long a face that is lost keeps its id, in seconds.
        :param max_faces: of more faces, the largest are kept.
        :return: the faces that are kept: those that are believed, the largest first; then, where
            there is room, those that are not believed yet, without an id.
        """
        period = _elapsed(self._time, time)
        unseen = _elapsed(self._looked, time)
        self._time = self._looked = time
        self._forget(time, max(face_timeout, unseen or 0.0))
        seen = self._assign(detections, time)
        for track in self._tracks:
            if track.id is None and track.time < time:
                track.doubt *= DOUBT_OF_A_MISS
        believed = [track for track in seen if track.id is not None or track.is_credible(period)]
        doubted = [track for track in seen if track not in believed]
        self._kept = sorted(believed, key=_size, reverse=True)[:max_faces]
        for track in self._kept:
            track.shown = time
            if track.id is None:
                track.id = self.next_id
                self.next_id += 1
        room = max_faces - len(self._kept)
        self._kept += sorted(doubted, key=_size, reverse=True)[:room]
        # Who is lost for the whole timeout now will not be found in a later frame either.
        self._forget(time, face_timeout)
        return [Sighting(track.number, track.id, track.face) for track in self._kept]

    def follow(self, time: float, height: int, width: int, look: Look) -> list[Sighting]:
        """
        Say where the faces are in a frame that no detector has looked at.

        :param time: of the frame, in seconds; later than that of the last frame.
        :param height: of the frame, in pixels.
        :param width: of the frame, in pixels.
        :param look: finds a face of the last frame in this one.
        :return: the faces kept in the last frame with detections, where they were found again, or
            where their motion took them; who has left the frame by that is not among them.
        """
        last, self._time = self._time or 0.0, time
        sightings = []
        for track in self._kept:
            guess = track.predicted(time)
            found = look(track.predicted(last), guess)
            if found is not None:
                track.place(found, time)
            face = found or guess
            centre = _centre(face.box)
            if 0 < centre.real < width and 0 < centre.imag < height:
                inside = replace(face, box=clip_box(face.box, height, width))
                sightings.append(Sighting(track.number, track.id, inside))
        return sightings

    def _assign(self, detections: Sequence[FaceDetection], time: float) -> list[_Track]:
        """Give the track of each detection, brought to where its face is now."""
        matches = _matches(detections, self._tracks, time)
        seen = []
        for index, face in enumerate(detections):
            track = matches.get(index)
            if track is None:
                track = _Track(self._next_number, face, time, time, time, 1 - face.score)
                self._tracks.append(track)
                self._next_number += 1
            else:
                track.move(face, time)
            seen.append(track)
        return seen

    def _forget(self, time: float, patience: float) -> None:
        """Let go who was not seen, or was not among the largest, for too long."""
        for track in self._tracks:
            if time - track.shown > patience:
                track.id = None
        self._tracks = [
            track
            for track in self._tracks
            if time - track.time <= patience and (track.id is not None or track.doubt < 1)
        ]


def _elapsed(before: float | None, time: float) -> float | None:
    """Give the time between two frames; None for the first one, and after a long silence."""
    if before is None or time - before > SLOWEST_PERIOD:
        return None
    return time - before


def _matches(
    detections: Sequence[FaceDetection], tracks: Sequence[_Track], time: float
) -> dict[int, _Track]:
    """Match detections with tracks: the track of a detection's index, where there is one."""
    if not len(detections) or not tracks:
        return {}
    # There are few, so that plain numbers are faster than arrays.
    expected = [(_place(track.predicted_box(time)), _place(track.face.box)) for track in tracks]
    costs = [
        [min(_cost(found, moved), _cost(found, last) + RETURN_COST) for moved, last in expected]
        for found in (_place(face.box) for face in detections)
    ]
    return {
        row: tracks[column] for row, column in assign(costs) if costs[row][column] < IMPOSSIBLE
    }


def _place(box: Box) -> _Place:
    """Measure a box once for all the others that it is compared with."""
    return box, _centre(box), _side(box)


def _cost(one: _Place, other: _Place) -> float:
    """Say how badly a box fits where a face is expected."""
    box, centre, side = one
    expected, expected_centre, expected_side = other
    distance = abs(centre - expected_centre) / ((side + expected_side) / 2)
    growth = max(side, expected_side) / min(side, expected_side)
    if distance > FARTHEST or growth > LARGEST_GROWTH:
        return IMPOSSIBLE
    return 1 - overlap(box, expected) + distance + math.log(growth)


def _centre(box: Box) -> complex:
    """Give the middle of a box."""
    left, top, right, bottom = box
    return complex(left + right, top + bottom) / 2


def _side(box: Box) -> float:
    """Give the side of the square of the box's area, at least a pixel."""
    left, top, right, bottom = box
    return max(math.sqrt((right - left) * (bottom - top)), 1.0)


def _size(track: _Track) -> float:
    """Give the area of a face's box, in square pixels."""
    return track.face.width * track.face.height
