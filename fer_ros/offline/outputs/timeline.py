"""Collect what the page shows: people and faces over time, in memory that does not grow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

import cv2
import numpy as np

from fer_ros.offline.analysis import Analysed
from fer_ros.offline.outputs.tables import decided_score
from fer_ros.perception.faces import Face

# The time axis has at most this many intervals. If a recording is longer, intervals are merged in
# pairs, so that each is twice as long.
MOST_BINS = 400

# Length of an interval at the start [s].
FIRST_WIDTH = 0.1

# Side of the picture of a person [px], and the margin around the face relative to its size.
PICTURE_SIDE = 112
PICTURE_MARGIN = 0.25


@dataclass
class Bin:
    """
    A person in an interval of time.

    :param frames: number of frames that show the person.
    :param emotions: number of frames with each decided emotion.
    :param probabilities: (labels,) float64, sum over the frames.
    :param score: sum of the scores of the decided emotions.
    """

    frames: int
    emotions: Counter[str]
    probabilities: np.ndarray
    score: float

    def add(self, other: Bin) -> None:
        """Add the frames of another interval."""
        self.frames += other.frames
        self.emotions += other.emotions
        self.probabilities = self.probabilities + other.probabilities
        self.score += other.score


@dataclass
class Person:
    """
    A person in a recording.

    :param id: id of the person.
    :param first: time of the first frame with the person [s].
    :param last: time of the last frame with the person [s].
    :param bins: the intervals that show the person, by their number.
    :param changes: number of changes of the decided emotion.
    :param picture: JPEG of the clearest face; empty for none.
    :param clarity: detector's score times the width of that face.
    """

    id: int
    first: float
    last: float
    bins: dict[int, Bin] = field(default_factory=dict)
    changes: int = -1
    picture: bytes = b''
    clarity: float = 0.0

    @property
    def total(self) -> Bin:
        """Return the sum of all intervals."""
        bins = list(self.bins.values())
        whole = Bin(0, Counter(), np.zeros_like(bins[0].probabilities), 0.0)
        for one in bins:
            whole.add(one)
        return whole


class Timeline:
    """
    The images of one topic over time.

    :param pictures: whether to keep a picture of each person.
    """

    def __init__(self, pictures: bool = False) -> None:
        self.labels: Sequence[str] = ()
        self.width = FIRST_WIDTH
        self.frames = 0
        self.duration = 0.0
        self.people: dict[int, Person] = {}
        # The numbers of images, of faces and of images without a result in each interval.
        self.images: Counter[int] = Counter()
        self.faces: Counter[int] = Counter()
        self.failures: Counter[int] = Counter()
        self._pictures = pictures
        self._first: int | None = None

    @property
    def bins(self) -> int:
        """Return the number of intervals until the end of the recording."""
        return int(self.duration / self.width) + 1

    def add(self, analysed: Analysed) -> None:
        """Add an image."""
        frame, result = analysed.frame, analysed.result
        if self._first is None:
            self._first = frame.stamp
        time = max(0.0, (frame.stamp - self._first) / 1e9)
        while time >= self.width * MOST_BINS:
            self._widen()
        index = int(time / self.width)
        self.frames += 1
        self.duration = max(self.duration, time)
        self.images[index] += 1
        if result is None:
            self.failures[index] += 1
            return
        self.labels = result.labels
        self.faces[index] += len(result.faces)
        for face in result.faces:
            person = self.people.setdefault(face.id, Person(face.id, time, time))
            person.last = max(person.last, time)
            person.changes += face.id in result.changed_ids
            seen = Bin(
                1,
                Counter({face.emotion: 1}),
                face.probabilities,
                decided_score(face, result.labels),
            )
            if index in person.bins:
                person.bins[index].add(seen)
            else:
                person.bins[index] = seen
            if self._pictures and frame.image is not None:
                _keep_picture(person, face, frame.image)

    def _widen(self) -> None:
        """Merge the intervals in pairs."""
        self.width *= 2
        for counter in (self.images, self.faces, self.failures):
            merged: Counter[int] = Counter()
            for index, count in counter.items():
                merged[index // 2] += count
            counter.clear()
            counter.update(merged)
        for person in self.people.values():
            bins: dict[int, Bin] = {}
            for index, one in sorted(person.bins.items()):
                if index // 2 in bins:
                    bins[index // 2].add(one)
                else:
                    bins[index // 2] = one
            person.bins = bins


class Timelines:
    """
    The timelines of a recording, one for each topic of images.

    :param pictures: whether to keep a picture of each person.
    """

    def __init__(self, pictures: bool = False) -> None:
        self.by_topic: dict[str, Timeline] = {}
        self._pictures = pictures

    def add(self, analysed: Analysed) -> None:
        """Add an image."""
        topic = analysed.frame.topic
        if topic not in self.by_topic:
            self.by_topic[topic] = Timeline(self._pictures)
        self.by_topic[topic].add(analysed)

    def close(self) -> None:
        """Do nothing, because there is no file."""


def _keep_picture(person: Person, face: Face, image: np.ndarray) -> None:
    """Keep the picture of a face if it is clearer than that of before."""
    left, top, right, bottom = face.box
    clarity = face.score * (right - left)
    if clarity < 1.1 * person.clarity:
        return
    side = max(right - left, bottom - top) * (1 + 2 * PICTURE_MARGIN)
    across, down = (left + right) / 2, (top + bottom) / 2
    shift = np.array([[PICTURE_SIDE / side, 0, 0], [0, PICTURE_SIDE / side, 0]])
    shift[:, 2] = PICTURE_SIDE / 2 - shift[:, :2] @ (across, down)
    crop = cv2.warpAffine(image, shift, (PICTURE_SIDE, PICTURE_SIDE), flags=cv2.INTER_AREA)
    person.picture = cv2.imencode('.jpg', crop)[1].tobytes()
    person.clarity = clarity
