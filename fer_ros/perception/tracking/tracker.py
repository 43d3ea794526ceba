"""Assign the detections of each frame to tracks, and ids to the tracks."""

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

# Maximum distance of two boxes of the same face, as a multiple of their mean side.
FARTHEST = 1.0

# Maximum ratio of the sides of two boxes of the same face.
LARGEST_GROWTH = 1.6

# A lost face is expected at its predicted position or at its last position, because a person who
# leaves the image often returns at the same border. This cost is added to a match with the last
# position.
RETURN_COST = 0.3

# The predicted motion of a face becomes less reliable with time since the last detection.
# The predicted speed halves in this time [s].
SPEED_HALF_LIFE = 0.3

# Time constant for the average of a face's speed [s]. At 30 Hz a frame has a weight of 20 %.
SPEED_TIME = 0.15

# Longest period of a camera [s]. A face in the last frame can be matched with a face in the next
# frame up to this time plus the timeout later.
SLOWEST_PERIOD = 2.0

# The cost of a pair that must not be matched, which is above any possible sum of other costs.
IMPOSSIBLE = 1e6

# A new track is confirmed when the probability that all its detections are false positives is at
# most this. Two detections with a score of 0.62 are sufficient.
MOST_DOUBT = 0.15

# The probability that all detections of a track are false positives is multiplied by this factor
# for each frame without a detection of the face.
DOUBT_OF_A_MISS = 2.0

# Minimum time between the first and the last detection of a confirmed track [s]. Most false
# positives last for one frame only. This time corresponds to three frames at 30 Hz, or two frames
# at 10 Hz.
BELIEF_TIME = 0.06

# If the time between frames is unknown or longer than this, a track is confirmed by its first
# detection [s]. A long delay would be worse than an occasional false positive.
LONG_PERIOD = 0.25

# A box, its centre as a complex number, and the side of a square with the same area.
_Place = tuple[Box, complex, float]

# A function that finds a face of the last image in the current image. The arguments of the
# function are the face in the last image and the expected face in the current image. The function
# returns the face in the current image, or None.
Look = Callable[[FaceDetection, FaceDetection], FaceDetection | None]


@dataclass(eq=False)
class _Track:
    """
    The track of a face.

    :param number: number of the track.
    :param face: the last detection, or the face as it was last followed by optical flow.
    :param placed: time of `face` in seconds.
    :param time: time of the last detection in seconds.
    :param since: time of the first detection in seconds.
    :param doubt: estimated probability that all detections are false positives. If it reaches 1,
        an unconfirmed track is removed.
    :param speed: speed of the centre in pixels per second. The real part is to the right, the
        imaginary part down.
    :param growth: change of the logarithm of the side, per second.
    :param id: id of the person; None until the track is confirmed.
    :param missing_since: time in seconds of the first frame in which the face was not detected;
        None if the last frame shows the face.
    :param hidden_since: time in seconds of the first frame in which the face was not among those
        kept by `max_faces`; None if it was kept in the last frame.
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
    missing_since: float | None = None
    hidden_since: float | None = None

    def predicted(self, time: float) -> FaceDetection:
        """Predict the face at a time, with a speed that decays since the last detection."""
        moved, scale = self._motion(time)
        shift = moved - scale * _centre(self.face.box)
        return self.face.moved(self.predicted_box(time), scale, np.array([shift.real, shift.imag]))

    def predicted_box(self, time: float) -> Box:
        """Predict the box of the face at a time."""
        moved, scale = self._motion(time)
        across, down = scale * self.face.width / 2, scale * self.face.height / 2
        return (moved.real - across, moved.imag - down, moved.real + across, moved.imag + down)

    def _motion(self, time: float) -> tuple[complex, float]:
        """Predict the centre of the face at a time, and the factor by which its size changed."""
        rate = math.log(2) / SPEED_HALF_LIFE
        reach = (1 - math.exp(-rate * (time - self.placed))) / rate
        return _centre(self.face.box) + self.speed * reach, math.exp(self.growth * reach)

    def move(self, face: FaceDetection, time: float) -> None:
        """Update the track with a new detection of its face."""
        self.place(face, time)
        self.time = time
        self.missing_since = None
        self.doubt *= 1 - face.score

    def place(self, face: FaceDetection, time: float) -> None:
        """Set the current position of the face, and update its speed and growth."""
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
        Check whether the track has enough detections to be confirmed.

        :param period: time since the last frame in seconds; None for the first frame.
        :return: whether the track can be confirmed.
        """
        if period is None or period > LONG_PERIOD:
            return True
        return self.doubt <= MOST_DOUBT and self.time - self.since >= BELIEF_TIME


def longest_gap(face_timeout: float) -> float:
    """
    Return the longest time between two frames after which faces keep their ids, in seconds.

    :param face_timeout: how long a lost face keeps its id, in seconds.
    """
    return face_timeout + SLOWEST_PERIOD


class FaceTracker:
    """
    Track faces from frame to frame.

    Each face gets a track. A track is confirmed when it has enough detections, and then gets an
    id.
    """

    def __init__(self, first_id: int = 1) -> None:
        """
        Create a tracker without tracks.

        :param first_id: id of the first confirmed track.
        """
        self.next_id = first_id
        self._tracks: list[_Track] = []
        self._kept: list[_Track] = []
        self._next_number = 1
        # Times of the last frame and of the last frame in which faces were detected [s].
        self._time: float | None = None
        self._looked: float | None = None

    @property
    def ids(self) -> set[int]:
        """Return the ids of all faces that are visible or lost for less than the timeout."""
        return {track.id for track in self._tracks if track.id is not None}

    @property
    def numbers(self) -> set[int]:
        """Return the numbers of all tracks, including those that are not confirmed yet."""
        return {track.number for track in self._tracks}

    @property
    def boxes(self) -> list[Box]:
        """
        Return the predicted boxes of all tracks, whether confirmed or not, visible or lost.

        :return: (left, top, right, bottom) of each track in pixels.
        """
        return [track.predicted_box(self._time or 0.0) for track in self._tracks]

    @property
    def last_boxes(self) -> list[Box]:
        """Return the last known box of each track in pixels, in the order of `boxes`."""
        return [track.face.box for track in self._tracks]

    @property
    def in_doubt(self) -> bool:
        """Check whether a track needs another detection to be confirmed."""
        return any(track.id is None for track in self._kept)

    def expected(self, time: float) -> list[FaceDetection]:
        """
        Predict the faces of all tracks at a time, whether confirmed or not, visible or lost.

        :param time: the time in seconds.
        :return: each face at its expected place, with the score of its last detection.
        """
        return [track.predicted(time) for track in self._tracks]

    def update(
        self,
        detections: Sequence[FaceDetection],
        time: float,
        face_timeout: float,
        max_faces: int,
    ) -> list[Sighting]:
        """
        Update the tracks with the detections of a frame.

        Detections are assigned to tracks by the Hungarian method (Kuhn 1955). The costs depend on
        overlap, distance and size of the boxes. A new track gets an id when it has enough
        detections to be confirmed. Ids are never reused.

        :param detections: detections in the frame.
        :param time: time of the frame in seconds; later than the time of the last frame.
        :param face_timeout: how long a lost face keeps its id, in seconds. The time counts from
            the first frame in which the face is missing.
        :param max_faces: maximum number of faces; the largest faces are kept.
        :return: the faces that are kept: first those with an id, the largest first, then those of
            tracks that are not confirmed yet, up to `max_faces`.
        """
        period = None if self._time is None else time - self._time
        if self._looked is not None and time - self._looked > longest_gap(face_timeout):
            self._tracks = []
        # A face may return in the very frame in which its timeout ends.
        self._forget(time, face_timeout, inclusive=False)
        self._time = self._looked = time
        seen = self._assign(detections, time)
        for track in self._tracks:
            if track.time < time:
                track.missing_since = _first(track.missing_since, time)
                if track.id is None:
                    track.doubt *= DOUBT_OF_A_MISS
        believed = [track for track in seen if track.id is not None or track.is_credible(period)]
        doubted = [track for track in seen if track not in believed]
        self._kept = sorted(believed, key=_size, reverse=True)[:max_faces]
        for track in self._tracks:
            track.hidden_since = _first(track.hidden_since, time)
        for track in self._kept:
            track.hidden_since = None
            if track.id is None:
                track.id = self.next_id
                self.next_id += 1
        room = max_faces - len(self._kept)
        self._kept += sorted(doubted, key=_size, reverse=True)[:room]
        self._forget(time, face_timeout, inclusive=True)
        self._kept = [track for track in self._kept if track in self._tracks]
        return [Sighting(track.number, track.id, track.face) for track in self._kept]

    def follow(self, time: float, height: int, width: int, look: Look) -> list[Sighting]:
        """
        Follow the faces in a frame that no detector searches.

        :param time: time of the frame in seconds; later than the time of the last frame.
        :param height: height of the frame in pixels.
        :param width: width of the frame in pixels.
        :param look: function that finds a face of the last frame in this frame.
        :return: the faces kept by the last call of `update`. For a face that `look` does not find,
            the result has the position predicted from the motion of the face. Faces whose centre
            is outside the frame are left out.
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
        """Return the updated track of each detection, creating new tracks where needed."""
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

    def _forget(self, time: float, timeout: float, inclusive: bool) -> None:
        """
        Remove tracks and ids after the timeout.

        A track is removed if its face has been missing for too long, or if it is most likely a
        false positive. A track loses its id if it has not been among the kept faces for too long.

        :param time: time of the frame in seconds.
        :param timeout: the timeout in seconds.
        :param inclusive: whether a timeout that ends in this frame is over.
        """

        def is_over(since: float | None) -> bool:
            if since is None:
                return False
            return time - since > timeout or (inclusive and time - since == timeout)

        for track in self._tracks:
            if is_over(track.hidden_since):
                track.id = None
        self._tracks = [
            track
            for track in self._tracks
            if not is_over(track.missing_since) and (track.id is not None or track.doubt < 1)
        ]


def _first(known: float | None, time: float) -> float:
    """Return the known time; if there is none, the given time."""
    return time if known is None else known


def _matches(
    detections: Sequence[FaceDetection], tracks: Sequence[_Track], time: float
) -> dict[int, _Track]:
    """Match detections with tracks; return the track of each matched detection by its index."""
    if not len(detections) or not tracks:
        return {}
    # For a few faces, plain Python numbers are faster than arrays.
    expected = [(_place(track.predicted_box(time)), _place(track.face.box)) for track in tracks]
    costs = [
        [min(_cost(found, moved), _cost(found, last) + RETURN_COST) for moved, last in expected]
        for found in (_place(face.box) for face in detections)
    ]
    return {
        row: tracks[column] for row, column in assign(costs) if costs[row][column] < IMPOSSIBLE
    }


def _place(box: Box) -> _Place:
    """Compute the centre and the side of a box once, for comparisons with several boxes."""
    return box, _centre(box), _side(box)


def _cost(one: _Place, other: _Place) -> float:
    """Compute the cost of matching a detected box with an expected box."""
    box, centre, side = one
    expected, expected_centre, expected_side = other
    distance = abs(centre - expected_centre) / ((side + expected_side) / 2)
    growth = max(side, expected_side) / min(side, expected_side)
    if distance > FARTHEST or growth > LARGEST_GROWTH:
        return IMPOSSIBLE
    return 1 - overlap(box, expected) + distance + math.log(growth)


def _centre(box: Box) -> complex:
    """Return the centre of a box as a complex number, x + iy, in pixels."""
    left, top, right, bottom = box
    return complex(left + right, top + bottom) / 2


def _side(box: Box) -> float:
    """Return the side of a square with the area of the box in pixels, at least 1."""
    left, top, right, bottom = box
    return max(math.sqrt((right - left) * (bottom - top)), 1.0)


def _size(track: _Track) -> float:
    """Return the area of a track's box in square pixels."""
    return track.face.width * track.face.height
