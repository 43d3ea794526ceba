"""Open a recording: a video, a folder of pictures, one picture, or a bag."""

from __future__ import annotations

from abc import ABC
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path

from fer_ros.offline.job import Job
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.sources.bags.bag import Bag
from fer_ros.sources.bags.bag import is_bag
from fer_ros.sources.bags.bag import reason_of
from fer_ros.sources.bags.cameras import find_cameras
from fer_ros.sources.bags.frames import BagFrames
from fer_ros.sources.base import ImageSource
from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError
from fer_ros.sources.frames import Frame
from fer_ros.sources.opening import open_source
from fer_ros.sources.settings import CameraSettings

KINDS = (
    'a video, a folder of pictures, a ROS 2 bag (its folder, or an .mcap or .db3 file) or a ROS 1 '
    'bag'
)

# At most this many notes of a recording are kept.
MOST_NOTES = 20


class Recording(ABC):
    """
    A recording.

    :param path: its path.
    :param chosen: whether the user has chosen the topics.
    """

    # Topics of its images; empty for a video or pictures.
    topics: tuple[str, ...] = ()

    def __init__(self, path: Path, chosen: bool = False) -> None:
        self.path = path
        self.chosen = chosen
        self._notes: list[str] = []

    @abstractmethod
    def frames(self) -> Iterator[Frame]:
        """
        Iterate over the images, in the order of their recording.

        :raises SourceError: if the recording cannot be read at all.
        """

    @property
    @abstractmethod
    def done(self) -> float:
        """Return the part of the recording that was read, 0 to 1."""

    @property
    def notes(self) -> list[str]:
        """Return sentences about parts of the recording that are not analysed."""
        return self._notes[:MOST_NOTES]

    def note(self, sentence: str) -> None:
        """Add a sentence to the notes, once."""
        if sentence not in self._notes and len(self._notes) < MOST_NOTES:
            self._notes.append(sentence)


class BagRecording(Recording):
    """
    A bag.

    :param path: path of its folder or file.
    :param job: topics of the images, of depth and of calibration.
    """

    def __init__(self, path: Path, job: Job) -> None:
        super().__init__(path, bool(job.topics))
        self._bag = Bag(path)
        try:
            cameras = find_cameras(self._bag.topics, job.topics, job.depth, job.calibration)
        except SourceError as error:
            faults = ''.join(f'; {fault}' for fault in self._bag.faults)
            raise SourceError(f'cannot analyse the bag {shown(path)}: {error}{faults}') from None
        self.topics = tuple(camera.topic for camera in cameras)
        self._frames = BagFrames(self._bag, cameras, job.settings.bit_depth)

    def frames(self) -> Iterator[Frame]:
        """Iterate over the images of all cameras."""
        return iter(self._frames)

    @property
    def done(self) -> float:
        """Return the part of the bag that was read, 0 to 1."""
        return self._bag.done

    @property
    def notes(self) -> list[str]:
        """Return sentences about parts of the bag that are not analysed."""
        return [*self._bag.faults, *self._notes][:MOST_NOTES]


class SourceRecording(Recording):
    """
    A video, or pictures. The first image has the timestamp 0.

    :param path: path of the file or the folder.
    :param job: how to read pictures.
    """

    def __init__(self, path: Path, job: Job) -> None:
        super().__init__(path)
        self._source: ImageSource = open_source(
            # A path that begins with ./ is not mistaken for the name of a device or a stream.
            str(path.absolute()),
            tell=self.note,
            sequence=job.sequence,
            bit_depth=job.settings.bit_depth,
        )
        self._count = 0

    def frames(self) -> Iterator[Frame]:
        """Iterate over the images."""
        frame_id = next(
            str(one.default)
            for one in CameraSettings.__dataclass_fields__.values()
            if one.name == 'frame_id'
        )
        time = 0.0
        for image, period in self._source:
            if image is None:
                continue
            self._count += 1
            scene = '/'.join(filter(None, [frame_id, self._source.scene]))
            yield Frame('', *divmod(round(time * 1e9), 10**9), scene, image)
            time += period
        expected = self._source.length
        # The length of a video is estimated if its container does not state it.
        # Pictures that cannot be read have notes of their own.
        if self.path.is_file() and self._count < 0.9 * expected:
            self.note(
                f'the video ended after {self._count} of {expected} frames, it is cut off or '
                'damaged'
            )

    @property
    def done(self) -> float:
        """Return the part of the images that was read, 0 to 1."""
        return min(1.0, self._count / max(1, self._source.length))


def open_recording(path: Path, job: Job) -> Recording:
    """
    Open a recording by its kind.

    :param path: its path.
    :param job: which topics to read, and how to read pictures.
    :return: the recording, before its first image.
    :raises SourceError: if there is no such recording, or it cannot be read.
    """
    try:
        if not path.exists():
            raise SourceError(f'there is no file or folder {quoted(str(path))}')
        if is_bag(path):
            return BagRecording(path, job)
        if path.is_file() and not path.stat().st_size:
            raise SourceError(f'{shown(path)} is empty (0 bytes); an input can be {KINDS}')
        return SourceRecording(path, job)
    except ImportError as error:
        raise SourceError(
            f'cannot read {shown(path)}: {shortened(error)}; install the extra "recordings" '
            '(pip install rosbags mcap pyarrow jinja2)'
        ) from error
    except OSError as error:
        raise SourceError(f'cannot read {shown(path)}: {reason_of(error)}') from error
