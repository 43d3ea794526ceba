"""Faces drawn onto an image, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.faces import Face

# BGR.  Chosen to be told apart on dark and on light ground, by colour-blind people, too; after
# Okabe and Ito 2008, https://jfly.uni-koeln.de/color.
COLOURS = {
    'angry': (0, 94, 213),
    'disgust': (115, 158, 0),
    'fear': (167, 121, 204),
    'happy': (66, 228, 240),
    'sad': (178, 114, 0),
    'surprise': (0, 159, 230),
    'neutral': (220, 220, 220),
    'contempt': (233, 180, 86),
    UNCERTAIN: (160, 160, 160),
}
OTHER_COLOUR = (255, 255, 255)
DARK = (24, 24, 24)
LIGHT = (245, 245, 245)

FONT = cv2.FONT_HERSHEY_SIMPLEX

# The letters' height in pixels at a font scale of 1.
FONT_HEIGHT = 22

# How much of the ground is seen through the panel of bars.
PANEL_TRANSPARENCY = 0.3


def draw_faces(image: np.ndarray, faces: Sequence[Face], labels: Sequence[str]) -> np.ndarray:
    """
    Draw each face's box, id, decided emotion and a bar for each emotion.

    :param image: (H, W, 3) uint8 BGR; it is not changed.
    :param faces: of this image.
    :param labels: the names of the faces' probabilities.
    :return: (H, W, 3) uint8 BGR, a copy that is drawn on.
    """
    drawn = image.copy()
    unit = max(9, min(image.shape[:2]) // 36)
    # Panels first, so that no panel hides a box or its words.
    for face in faces:
        _draw_bars(drawn, face, labels, unit)
    for face in faces:
        _draw_box(drawn, face, labels, unit)
    return drawn


def _draw_box(image: np.ndarray, face: Face, labels: Sequence[str], unit: int) -> None:
    """Draw the box with the id, the emotion and its probability above it."""
    left, top, right, bottom = (round(value) for value in face.box)
    colour = COLOURS.get(face.emotion, OTHER_COLOUR)
    thickness = max(2, unit // 5)
    cv2.rectangle(image, (left, top), (right, bottom), DARK, thickness + 2)
    cv2.rectangle(image, (left, top), (right, bottom), colour, thickness)
    text = f'{face.id} {face.emotion}'
    if face.emotion in labels:
        text += f' {100 * face.probabilities[list(labels).index(face.emotion)]:.0f}%'
    width, height = _text_size(text, unit)
    # Above the box, or inside it where the image ends.
    x = int(np.clip(left, 0, max(0, image.shape[1] - width)))
    y = top - height if top >= height else top
    cv2.rectangle(image, (x, y), (x + width, y + height), colour, cv2.FILLED)
    _draw_text(image, text, x, y, unit, DARK if sum(colour) > 300 else LIGHT)


def _draw_bars(image: np.ndarray, face: Face, labels: Sequence[str], unit: int) -> None:
    """Draw a panel with a bar for each emotion, beside the box where there is room."""
    size = max(8, round(unit * 0.8))
    row = size + max(2, size // 3)
    name_width = max(_text_size(label, size)[0] for label in labels)
    bar_width = 5 * size
    width = name_width + bar_width + size
    height = row * len(labels) + size // 2
    left, top, right, _ = (round(value) for value in face.box)
    if right + width <= image.shape[1]:
        x = right
    elif left >= width:
        x = left - width
    else:
        x = max(0, image.shape[1] - width)
    y = int(np.clip(top, 0, max(0, image.shape[0] - height)))
    bottom, far = y + height, x + width
    panel = image[y:bottom, x:far]
    panel[:] = cv2.addWeighted(
        panel, PANEL_TRANSPARENCY, np.full_like(panel, DARK), 1 - PANEL_TRANSPARENCY, 0
    )
    for index, label in enumerate(labels):
        row_top = y + size // 4 + index * row
        _draw_text(image, label, x, row_top, size, LIGHT)
        start = x + name_width
        filled = round(bar_width * float(face.probabilities[index]))
        cv2.rectangle(
            image, (start, row_top + 1), (start + bar_width, row_top + row - 3), DARK, -1
        )
        if filled:
            colour = COLOURS.get(label, OTHER_COLOUR)
            cv2.rectangle(
                image, (start, row_top + 1), (start + filled, row_top + row - 3), colour, -1
            )


def _text_size(text: str, size: int) -> tuple[int, int]:
    """Give the width and the height of a text with the room around it, in pixels."""
    (width, _), _ = cv2.getTextSize(text, FONT, size / FONT_HEIGHT, _stroke(size))
    return width + size // 2, size + size // 2


def _draw_text(
    image: np.ndarray, text: str, x: int, y: int, size: int, colour: tuple[int, int, int]
) -> None:
    """Write a text whose room begins at (x, y)."""
    place = (x + size // 4, y + size + size // 8)
    cv2.putText(image, text, place, FONT, size / FONT_HEIGHT, colour, _stroke(size), cv2.LINE_AA)


def _stroke(size: int) -> int:
    """Give the thickness of the letters of a size, in pixels."""
    return max(1, size // 12)
