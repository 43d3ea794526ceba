"""Read the images of a bag, each with its depth image and its calibration."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import numpy as np

from fer_ros.messages.pixels import is_compressed
from fer_ros.messages.pixels import to_bgr
from fer_ros.messages.stamps import stamp_of
from fer_ros.perception.images.decoding import ImageError
from fer_ros.perception.space.stamp_buffer import SLACK
from fer_ros.perception.space.stamp_buffer import StampBuffer
from fer_ros.sources.bags.bag import Bag
from fer_ros.sources.bags.cameras import Camera
from fer_ros.sources.bags.decoding import Decoder
from fer_ros.sources.bags.decoding import MessageError
from fer_ros.sources.bags.raw import RawMessage
from fer_ros.sources.frames import Frame

# Encodings that only depth images and infrared images have.
DEPTH_ENCODINGS = ('16uc1', '32fc1')

# Number of depth images that are kept while images wait for theirs.
DEPTHS = 16


@dataclass
class _Waiting:
    """A camera, and its images that wait for their depth images."""

    camera: Camera
    depths: StampBuffer[Any] = field(default_factory=lambda: StampBuffer(DEPTHS))
    calibrations: StampBuffer[Any] = field(default_factory=StampBuffer)
    # Time of reception and message of each image.
    images: deque[tuple[int, Any]] = field(default_factory=deque)
    # The newest timestamp of a depth image.
    newest: int | None = None

    @property
    def has_depth(self) -> bool:
        """Return whether the faces of the camera have positions."""
        return bool(self.camera.depth and self.camera.calibration)

    def is_due(self, time: int) -> bool:
        """Check whether the first image has waited long enough for its depth image."""
        if not self.has_depth:
            return True
        received, message = self.images[0]
        stamp = stamp_of(message.header)
        return abs(time - received) > SLACK or (self.newest is not None and self.newest >= stamp)


class BagFrames:
    """
    The images of the cameras of a bag, in the order of their recording.

    As in the node, an image gets the depth image with the nearest timestamp.
    It waits for that depth image for SLACK in the time of the recording.

    :param bag: an open bag.
    :param cameras: the cameras.
    :param bit_depth: number of significant bits of 16-bit images; 0 for all 16.
    """

    def __init__(self, bag: Bag, cameras: Sequence[Camera], bit_depth: int = 0) -> None:
        self._bag = bag
        self._cameras = [_Waiting(camera) for camera in cameras]
        self._bit_depth = bit_depth
        self._decoder = Decoder()

    def __iter__(self) -> Iterator[Frame]:
        topics = {
            name
            for one in self._cameras
            for name in (one.camera.topic, one.camera.depth, one.camera.calibration)
            if name
        }
        for raw in self._bag.messages(topics):
            for one in self._cameras:
                while one.images and one.is_due(raw.log_time):
                    yield self._frame(one)
            yield from self._take(raw)
        for one in self._cameras:
            while one.images:
                yield self._frame(one)

    def _take(self, raw: RawMessage) -> Iterator[Frame]:
        """Give a message to the cameras that use it, and yield the images that are complete."""
        using = [
            one
            for one in self._cameras
            if raw.topic == one.camera.topic
            or raw.topic == one.camera.calibration
            or (one.has_depth and raw.topic == one.camera.depth)
        ]
        if not using:
            return
        try:
            message = self._decoder.decode(raw)
        except MessageError as error:
            # Only an unreadable image is reported; unreadable depth is like none.
            for one in using:
                if raw.topic == one.camera.topic:
                    yield Frame(raw.topic, *divmod(raw.log_time, 10**9), error=str(error))
            return
        for one in using:
            if raw.topic == one.camera.topic:
                one.images.append((raw.log_time, message))
            elif raw.topic == one.camera.calibration:
                one.calibrations.put(stamp_of(message.header), message)
            else:
                stamp = stamp_of(message.header)
                one.depths.put(stamp, message)
                one.newest = stamp
            while one.images and one.is_due(raw.log_time):
                yield self._frame(one)

    def _frame(self, one: _Waiting) -> Frame:
        """Convert the first waiting image of a camera."""
        _, message = one.images.popleft()
        header, topic = message.header, one.camera.topic
        stamp = stamp_of(header)
        image: np.ndarray | None = None
        error = ''
        try:
            image = to_bgr(message, self._bit_depth)
        except ImageError as refusal:
            error = str(refusal)
        found, nearest = one.depths.nearest(stamp), one.calibrations.nearest(stamp)
        near = found is not None and abs(found[0] - stamp) <= SLACK
        depth = found[1] if found is not None and near else None
        calibration = nearest[1] if nearest is not None else None
        return Frame(
            topic,
            header.stamp.sec,
            header.stamp.nanosec,
            str(header.frame_id),
            image,
            error,
            depth if calibration is not None else None,
            calibration,
            is_depth=not is_compressed(message) and message.encoding.lower() in DEPTH_ENCODINGS,
        )
