"""A webcam of this machine as an image source."""

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

# Time to wait before reopening a webcam that delivers no images [s].
RETRY_PERIOD = 1.0
# The period of a webcam varies. An image may be early by this fraction of the requested period.
EARLY = 0.25


class Webcam(ImageSource):
    """
    A webcam of this machine. It is reopened when it is reconnected.

    :param device: device file, such as /dev/video0, or a link to it.
    :param rate: images per second [Hz]: requested from the device, and not exceeded. 0 for the
        device's own rate.
    :param width: width in pixels: requested from the device. The images are scaled to fit into it.
        0 for the device's own width.
    :param height: height in pixels, handled like the width. 0 for the device's own height.
    :param tell: called with a message when the device is lost or reconnected.
    :raises SourceError: if the device is missing, or delivers no image.
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
            raise SourceError(f'there is no camera {shown(device)}; available devices: {there}')
        self._capture = self._open()
        if self._capture is None:
            raise SourceError(
                f'{self.name} delivers no images. Another process uses it, this user may not open '
                'it (add the user to the group video), or the device is not a camera'
            )

    def __iter__(self) -> Iterator[TimedImage]:
        due = -math.inf
        try:
            while True:
                if self._capture is None:
                    yield None, RETRY_PERIOD
                    self._capture = self._open()
                    if self._capture is not None:
                        self._tell(f'{self.name} delivers images again')
                    continue
                found, now = self._capture.grab(), time.monotonic()
                if found and now < due - EARLY * self._least_period:
                    continue
                image = self._capture.retrieve()[1] if found else None
                if image is None:
                    self._lose()
                    continue
                # The next due time is one period after the last due time. After a gap, it is one
                # period after the arrival of this image.
                due = (due if now - due < self._least_period else now) + self._least_period
                yield fit_image(image, *self._size), 0.0
        finally:
            if self._capture is not None:
                self._capture.release()

    def _lose(self) -> None:
        """Close a device that delivers no images."""
        self._capture.release()
        self._capture = None
        self._tell(f'{self.name} delivers no more images; trying again every second')

    def _open(self) -> Any:
        """Open the device and read one image. Return None if the device delivers no image."""
        capture = open_device(self._device)
        if capture is None:
            return None
        width, height = self._size
        asked = {
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: 1 / self._least_period if self._least_period else 0,
            # A longer buffer would deliver outdated images.
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
    Open a webcam.

    :param device: device file, such as /dev/video0.
    :return: the OpenCV capture, or None if the webcam does not exist.
    """
    if not Path(device).exists():
        return None
    with quiet_opencv():
        capture = cv2.VideoCapture(opencv_name(Path(device).resolve()), cv2.CAP_V4L2)
    return capture if capture.isOpened() else None
