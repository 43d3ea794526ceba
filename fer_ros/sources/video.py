"""A video file as an image source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from fer_ros.sources.base import ImageSource
from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError
from fer_ros.sources.base import TimedImage
from fer_ros.sources.opencv import opencv_name
from fer_ros.sources.opencv import quiet_opencv
from fer_ros.sources.scaling import fit_image

# Default frame rate of a video without a frame rate, or with an implausible frame rate [Hz].
VIDEO_RATE = 30.0
MAX_VIDEO_RATE = 240.0

# Maximum time from one frame to the next [s]. A longer time is a damaged timestamp.
LONGEST_PERIOD = 60.0


class Video(ImageSource):
    """
    A video file.

    :param path: path of the file, or its address.
    :param rate: images per second [Hz], 0 for the times of the video's own frames.
    :param loop: whether the video restarts at its end.
    :param width: maximum width of the images in pixels, 0 for no limit.
    :param height: maximum height of the images in pixels, 0 for no limit.
    :raises SourceError: if the file cannot be read.
    """

    def __init__(self, path: Path | str, rate: float, loop: bool, width: int, height: int) -> None:
        super().__init__(f'the video {shown(path)}', endless=loop)
        self._path = path
        self._size = width, height
        capture = _open_video(path)
        own_rate = capture.get(cv2.CAP_PROP_FPS)
        self.length = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        readable = capture.read()[0]
        capture.release()
        if not readable:
            raise SourceError(
                f'OpenCV cannot read {shown(path)}, neither as a video nor as a picture'
            )
        if not 0 < own_rate <= MAX_VIDEO_RATE:
            own_rate = VIDEO_RATE
        self._rate = rate
        self._usual_period = 1 / (rate or own_rate)

    def __iter__(self) -> Iterator[TimedImage]:
        while True:
            capture = _open_video(self._path)
            try:
                found, image = capture.read()
                if not found:
                    raise SourceError(f'cannot read {self.name} again from its beginning')
                time = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                while found:
                    found, following = capture.read()
                    last, time = time, capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                    period = self._period(time - last) if found else self._usual_period
                    yield fit_image(image, *self._size), period
                    image = following
            finally:
                capture.release()
            if not self.endless:
                return

    def _period(self, elapsed: float) -> float:
        """
        Return the time between two frames [s].

        :param elapsed: difference of their timestamps [s]; not positive if the back end of OpenCV
            does not read timestamps.
        """
        own = not self._rate and 0 < elapsed <= LONGEST_PERIOD
        return elapsed if own else self._usual_period


def _open_video(path: Path | str) -> Any:
    """
    Open a video file with the first OpenCV back end that can read it.

    :return: the capture, which is closed if no back end can read the file.
    """
    capture = cv2.VideoCapture()
    with quiet_opencv():
        # CAP_IMAGES is excluded: it interprets a file name with digits as a sequence of pictures.
        for backend in (cv2.CAP_FFMPEG, cv2.CAP_GSTREAMER, cv2.CAP_OPENCV_MJPEG):
            if capture.open(opencv_name(path), backend):
                break
    return capture
