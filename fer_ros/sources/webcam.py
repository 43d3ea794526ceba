"""A webcam of this machine as an image source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.quoting import quoted
from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError
from fer_ros.sources.live import LiveSource
from fer_ros.sources.opencv import opencv_name
from fer_ros.sources.opencv import quiet_opencv
from fer_ros.sources.scaling import fit_image


class Webcam(LiveSource):
    """
    A webcam of this machine, which is reopened when it is reconnected.

    :param device: device file, such as /dev/video0, or a link to it.
    :param rate: images per second [Hz]: requested from the device, and not exceeded. 0 for the
        device's own rate.
    :param width: width in pixels: requested from the device. The images are scaled to fit into it.
        0 for the device's own width.
    :param height: height in pixels, handled like the width. 0 for the device's own height.
    :param tell: called with a message when the device is lost or reconnected, or does not have the
        requested size.
    :param fourcc: pixel format requested from the device, four characters such as MJPG. Empty for
        the device's own format.
    :raises SourceError: if the device is missing, or delivers no image.
    """

    def __init__(
        self,
        device: str,
        rate: float,
        width: int,
        height: int,
        tell: Callable[[str], None],
        fourcc: str = '',
    ) -> None:
        super().__init__(f'the camera {shown(device)}', rate, width, height, tell)
        if fourcc and (len(fourcc) != 4 or not fourcc.isascii() or not fourcc.isprintable()):
            raise SourceError(
                f'fourcc is {quoted(fourcc)}, not four characters such as MJPG or YUYV'
            )
        self._device = device
        self._fourcc = fourcc
        if not Path(device).exists():
            there = ', '.join(map(str, sorted(Path('/dev').glob('video*')))) or 'none'
            raise SourceError(f'there is no camera {shown(device)}; available devices: {there}')
        self._capture = self._open()
        if self._capture is None:
            raise SourceError(
                f'{self.name} delivers no images. Another process uses it, this user may not open '
                'it (add the user to the group video), or the device is not a camera'
            )

    def _open(self) -> Any:
        """Open the device and read one image. Return None if the device delivers no image."""
        capture = open_device(self._device)
        if capture is None:
            return None
        width, height = self._size
        # The device offers other sizes and rates in another pixel format, so the format is first.
        asked = {
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*self._fourcc) if self._fourcc else 0,
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: 1 / self._least_period if self._least_period else 0,
            # A longer buffer would deliver outdated images.
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        for what, value in asked.items():
            if value:
                capture.set(what, value)
        found, image = capture.read()
        if found:
            self._compare_size(image)
            return capture
        capture.release()
        return None

    def _compare_size(self, image: np.ndarray) -> None:
        """Report if the device does not deliver the requested size."""
        height, width = image.shape[:2]
        asked_width, asked_height = self._size
        if fit_image(image, asked_width, asked_height).size > image.size:
            remedy = '' if self._fourcc else '; many cameras need fourcc: MJPG for large images'
            self._tell(
                f'{self.name} gives {width}x{height} instead of {asked_width or width}x'
                f'{asked_height or height}, so its images are enlarged{remedy}'
            )


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
