"""A network camera, or any other source that GStreamer can read, as an image source."""

from __future__ import annotations

from collections.abc import Callable
import re
from typing import Any

import cv2
import numpy as np

from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError
from fer_ros.sources.live import LiveSource
from fer_ros.sources.opencv import opencv_name
from fer_ros.sources.opencv import quiet_opencv

# The protocols of an address that OpenCV is asked to open.
SCHEMES = ('http', 'https', 'rtmp', 'rtp', 'rtsp', 'rtsps', 'srt', 'tcp', 'udp')

# Maximum time to wait for a connection, and for the next image [ms].
TIMEOUT_MS = 5000

# Some live streams have an implausible number of frames, for example the largest integer.
MOST_FRAMES = 1e9


def is_address(source: str) -> bool:
    """Check whether a source is an address such as rtsp://camera/stream."""
    scheme, separator, _ = source.partition('://')
    return bool(separator) and scheme.lower() in SCHEMES


def is_pipeline(source: str) -> bool:
    """Check whether a source is a GStreamer description: elements separated by ' ! '."""
    return bool(re.search(r'\S\s+!\s+\S', source))


class Stream(LiveSource):
    """
    A network camera or a GStreamer pipeline, which is reopened when it breaks.

    :param source: an address or a GStreamer description.
    :param rate: maximum rate of the images [Hz], 0 for the stream's own rate.
    :param width: maximum width of the images in pixels, 0 for no limit.
    :param height: maximum height of the images in pixels, 0 for no limit.
    :param tell: called with a message when the stream is lost or reopened.
    :raises SourceError: if the stream delivers no image.
    """

    def __init__(
        self, source: str, rate: float, width: int, height: int, tell: Callable[[str], None]
    ) -> None:
        super().__init__(f'the stream {shown(source)}', rate, width, height, tell)
        self._source = source
        self._backends = _backends(source)
        self._capture = self._open()
        if self._capture is None:
            raise SourceError(f'{self.name} gives no images: {self._remedy()}')

    @property
    def is_video(self) -> bool:
        """Check whether the stream is a video file on a web server, which arrives at any speed."""
        if not self._source.lower().startswith('http') or self._capture is None:
            return False
        return bool(0 < self._capture.get(cv2.CAP_PROP_FRAME_COUNT) < MOST_FRAMES)

    def close(self) -> None:
        """Close the stream."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _open(self) -> Any:
        """Open the stream and read one image. Return None if it delivers no image."""
        capture = cv2.VideoCapture()
        with quiet_opencv():
            for backend, options in self._backends:
                if capture.open(opencv_name(self._source), backend, options):
                    break
        image = capture.read()[1] if capture.isOpened() else None
        if image is None:
            capture.release()
            return None
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            capture.release()
            raise SourceError(
                f'{self.name} delivers images of shape {image.shape}, not colour images: end '
                'the description with videoconvert ! video/x-raw,format=BGR ! appsink'
            )
        return capture

    def _remedy(self) -> str:
        """Return what to check if the stream delivers no image."""
        if is_pipeline(self._source):
            return (
                'the description must work in gst-launch-1.0 with autovideosink, and end with '
                'videoconvert ! video/x-raw,format=BGR ! appsink here'
            )
        return 'check the address, the password and the network'


def _backends(source: str) -> list[tuple[int, list[int]]]:
    """
    List the back ends of OpenCV that may read a stream, with their options.

    :raises SourceError: if this OpenCV has none.
    """
    registry = cv2.videoio_registry
    found: list[tuple[int, list[int]]] = []
    if registry.hasBackend(cv2.CAP_FFMPEG) and not is_pipeline(source):
        limits = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC)
        found.append((cv2.CAP_FFMPEG, [part for what in limits for part in (what, TIMEOUT_MS)]))
    if registry.hasBackend(cv2.CAP_GSTREAMER):
        found.append((cv2.CAP_GSTREAMER, []))
    if not found:
        needed = 'GStreamer' if is_pipeline(source) else 'FFmpeg and GStreamer'
        raise SourceError(
            f'{shown(source)} cannot be opened: this OpenCV ({cv2.__version__}) is built without '
            f"{needed}; the system's OpenCV has it (apt install python3-opencv)"
        )
    return found
