"""A camera of this machine."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
import math
from pathlib import Path
import time
from typing import Any

import cv2

from fer_ros.sources.base import ImageSource
from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError
from fer_ros.sources.base import TimedImage
from fer_ros.sources.opencv import opencv_name
from fer_ros.sources.opencv import quiet_opencv
from fer_ros.sources.scaling import fit_image

# How long a webcam that gives no images is left alone before it is opened again [s].
RETRY_PERIOD = 1.0
# The period of a webcam varies: an image is on time if it is early by at most this share of it.
EARLY = 0.25


class Webcam(ImageSource):
    """
    A camera of this machine; after it is unplugged, it is opened again when it comes back.

    :param device: such as /dev/video0, or a link to it.
    :param rate: images per second: requested from the device, and not exceeded.  0: the device's.
    :param width: requested from the device, whose images are scaled to fit.  0: the device's.
    :param height: the same for the height.
    :param tell: called with a sentence when the device goes and when it comes back.
    :raises SourceError: if the device is not there, or gives no image.
    """

    def __init__(
        self, device: str, rate: float, width: int, height: int, tell: Callable[[str], None]
    ) -> None:
        super().__init__(f'the camera {shown(device)}', endless=True)
        self._device = device
        self._least_period = 1 / rate if rate else 0.0
        self._size = width, height
        self._tell = tell
        if not Path(device).exists():
            there = ', '.join(map(str, sorted(Path('/dev').glob('video*')))) or 'none'
            raise SourceError(f'there is no camera {shown(device)}; there are: {there}')
        self._capture = self._open()
        if self._capture is None:
            raise SourceError(
                f'{self.name} gives no images: another process uses it, this user may not open it '
                '(group video), or it is not a camera'
            )

    def __iter__(self) -> Iterator[TimedImage]:
        due = -math.inf
        try:
            while True:
                if self._capture is None:
                    yield None, RETRY_PERIOD
                    self._capture = self._open()
                    if self._capture is not None:
                        self._tell(f'{self.name} is back')
                    continue
                found, now = self._capture.grab(), time.monotonic()
                if found and now < due - EARLY * self._least_period:
                    continue
                image = self._capture.retrieve()[1] if found else None
                if image is None:
                    self._lose()
                    continue
                # The next image is due one period after this one was due, or, after a gap, came.
                due = (due if now - due < self._least_period else now) + self._least_period
                yield fit_image(image, *self._size), 0.0
        finally:
            if self._capture is not None:
                self._capture.release()

    def _lose(self) -> None:
        """Close a device that gives no images."""
        self._capture.release()
        self._capture = None
        self._tell(f'{self.name} gives no more images; it is tried again every second')

    def _open(self) -> Any:
        """Open the device and read one image; None if it gives none."""
        capture = open_device(self._device)
        if capture is None:
            return None
        width, height = self._size
        asked = {
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: 1 / self._least_period if self._least_period else 0,
            # Images in a longer buffer would be old when they are read.
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        for what, value in asked.items():
            if value:
                capture.set(what, value)
        if capture.read()[0]:
            return capture
        capture.release()
        return None


def open_device(device: str) -> Any:
    """
    Open a camera.

    :param device: such as /dev/video0.
    :return: OpenCV's capture, or None where there is no such camera.
    """
    if not Path(device).exists():
        return None
    with quiet_opencv():
        capture = cv2.VideoCapture(opencv_name(Path(device).resolve()), cv2.CAP_V4L2)
    return capture if capture.isOpened() else None
