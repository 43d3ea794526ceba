"""A stamped image of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Frame:
    """
    An image of a recording.

    :param topic: topic of the image; empty for a video or pictures.
    :param seconds: seconds of the timestamp.
    :param nanoseconds: nanoseconds of the timestamp, as recorded.
    :param frame_id: coordinate frame in the header of the image.
    :param image: (H, W, 3) uint8, BGR; None if it cannot be decoded.
    :param error: why the image cannot be decoded; empty if it can.
    :param depth: Image, the depth image of the same moment; None for none.
    :param calibration: CameraInfo of the image; None for none.
    :param is_depth: whether the encoding of the image is one of depth images.
    """

    topic: str
    seconds: int
    nanoseconds: int
    frame_id: str = ''
    image: np.ndarray | None = None
    error: str = ''
    depth: Any = None
    calibration: Any = None
    is_depth: bool = False

    @property
    def stamp(self) -> int:
        """Return the timestamp in nanoseconds."""
        return self.seconds * 10**9 + self.nanoseconds
