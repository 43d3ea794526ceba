"""Embed pictures and plots as data URLs, so that a page needs no other files."""

from __future__ import annotations

import base64

import cv2
import numpy as np


def png_address(image: np.ndarray) -> str:
    """
    Encode a picture as a data URL.

    :param image: (H, W) uint8 gray, or (H, W, 3) uint8 BGR.
    :return: 'data:image/png;base64,…'.
    """
    return _address('image/png', cv2.imencode('.png', image)[1].tobytes())


def svg_address(svg: str) -> str:
    """
    Encode a plot as a data URL.

    :param svg: text of an SVG file.
    :return: 'data:image/svg+xml;base64,…'.
    """
    return _address('image/svg+xml', svg.encode())


def _address(kind: str, content: bytes) -> str:
    """Encode bytes as a data URL."""
    return f'data:{kind};base64,{base64.b64encode(content).decode()}'
