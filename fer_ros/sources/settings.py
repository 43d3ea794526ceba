"""The settings of the camera node: its source, and how to publish it."""

from __future__ import annotations

from dataclasses import dataclass

from fer_ros.perception.settings import setting
from fer_ros.sources.astronaut import ASTRONAUT
from fer_ros.sources.base import SOURCES


@dataclass(frozen=True)
class CameraSettings:
    """
    The settings of the node, read at startup.

    The metadata of each field describes the setting.
    """

    source: str = setting(ASTRONAUT, f'Image source: {SOURCES}.', live=False)
    rate: float = setting(
        0.0,
        'Image rate [Hz]; 0: the rate of the source (1 Hz for pictures).',
        (0.0, 240.0),
        live=False,
    )
    loop: bool = setting(False, 'Restart a video, a folder or a picture when it ends.', live=False)
    frame_id: str = setting('camera', 'Coordinate frame in the header of each image.', live=False)
    width: int = setting(
        0,
        'Width to scale images to; the aspect ratio is kept [px]; 0: the width of the source.',
        (0, 8192),
        live=False,
    )
    height: int = setting(
        0,
        'Height to scale images to; the aspect ratio is kept [px]; 0: the height of the source.',
        (0, 8192),
        live=False,
    )
    fourcc: str = setting(
        '',
        "Pixel format to request from a webcam, such as MJPG; empty: the webcam's own.",
        live=False,
    )
    sequence: bool = setting(
        False,
        'Whether the pictures of a folder show one scene; false: each shows other people.',
        live=False,
    )
    bit_depth: int = setting(
        0,
        'Significant bits of picture files with 16-bit values; 0: the range of their values.',
        (8, 16),
        live=False,
        off=0,
    )
