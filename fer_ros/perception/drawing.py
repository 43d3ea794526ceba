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


# Of a face made unrecognisable, this many squares are left to a side: too few to tell a person,
# enough to see that there is a face.
BLURRED_SQUARES = 5

# How much further than the box is blurred, as a fraction of it: hair and chin tell a person, too.
BLURRED_MARGIN = 0.25


def draw_faces(
    image: np.ndarray, faces: Sequence[Face], labels: Sequence[str], mode: str = 'boxes'
) -> np.ndarray:
    """
    Draw each face's box, id, decided emotion and a bar for each emotion.

    :param image: (H, W, 3) uint8 BGR; it is not changed.
    :param faces: of this image.
    :param labels: the names of the faces' probabilities.
    :param mode: 'boxes'; 'labels' to draw on black; 'blur' to make the faces unrecognisable.
    :return: (H, W, 3) uint8 BGR, a copy that is drawn on.
    """
    drawn = np.zeros_like(image) if mode == 'labels' else image.copy()
    if mode == 'blur':
        for face in faces:
            _blur(drawn, face)
    unit = max(9, min(image.shape[:2]) // 36)
    size = _panel_size(labels, unit)
    taken = [face.box for face in faces]
    # Panels first, so that no panel hides a box or its words.
    for face in faces:
        place = _free_place(face, size, taken, drawn.shape[:2], unit)
        if place is None:
            _draw_small_bars(drawn, face, labels, unit)
        else:
            _draw_panel(drawn, face, labels, unit, place)
            taken.append((*place, place[0] + size[0], place[1] + size[1]))
    for face in faces:
        _draw_box(drawn, face, labels, unit)
    return drawn


def _blur(image: np.ndarray, face: Face) -> None:
    """Leave a few squares of a face, each of one colour."""
    left, top, right, bottom = face.box
    margin_x, margin_y = BLURRED_MARGIN * (right - left), BLURRED_MARGIN * (bottom - top)
    rows = slice(max(0, int(top - margin_y)), int(np.ceil(bottom + margin_y)))
    columns = slice(max(0, int(left - margin_x)), int(np.ceil(right + margin_x)))
    part = image[rows, columns]
    if part.size:
        height, width = part.shape[:2]
        squares = (min(width, BLURRED_SQUARES), min(height, BLURRED_SQUARES))
        few = cv2.resize(part, squares, interpolation=cv2.INTER_AREA)
        part[:] = cv2.resize(few, (width, height), interpolation=cv2.INTER_NEAREST)


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


def _panel_size(labels: Sequence[str], unit: int) -> tuple[int, int]:
    """Give the width and the height of a panel of bars, in pixels."""
    size = _panel_letters(unit)
    return _names_width(labels, size) + 6 * size, _panel_row(size) * len(labels) + size // 2


def _panel_letters(unit: int) -> int:
    """Give the height of the letters in a panel, in pixels."""
    return max(8, round(unit * 0.8))


def _panel_row(size: int) -> int:
    """Give the height of a row of a panel, in pixels."""
    return size + max(2, size // 3)


def _names_width(labels: Sequence[str], size: int) -> int:
    """Give the width of the longest name, in pixels."""
    return max(_text_size(label, size)[0] for label in labels)


def _free_place(
    face: Face,
    size: tuple[int, int],
    taken: Sequence[tuple[float, float, float, float]],
    shape: tuple[int, int],
    unit: int,
) -> tuple[int, int] | None:
    """Find room for a panel beside, below or above a face that hides nothing; (left, top)."""
    width, height = size
    left, top, right, bottom = (round(value) for value in face.box)
    level = int(np.clip(top, 0, max(0, shape[0] - height)))
    plumb = int(np.clip(left, 0, max(0, shape[1] - width)))
    # Above the box stand its words, of this height.
    above = top - height - (unit + unit // 2)
    for x, y in ((right, level), (left - width, level), (plumb, bottom), (plumb, above)):
        if not (0 <= x <= shape[1] - width and 0 <= y <= shape[0] - height):
            continue
        if all(
            x >= other[2] or x + width <= other[0] or y >= other[3] or y + height <= other[1]
            for other in taken
        ):
            return x, y
    return None


def _draw_panel(
    image: np.ndarray, face: Face, labels: Sequence[str], unit: int, place: tuple[int, int]
) -> None:
    """Draw a panel with a bar and a name for each emotion."""
    x, y = place
    width, height = _panel_size(labels, unit)
    size = _panel_letters(unit)
    row = _panel_row(size)
    start = x + _names_width(labels, size)
    bottom, far = y + height, x + width
    panel = image[y:bottom, x:far]
    panel[:] = cv2.addWeighted(
        panel, PANEL_TRANSPARENCY, np.full_like(panel, DARK), 1 - PANEL_TRANSPARENCY, 0
    )
    for index, label in enumerate(labels):
        row_top = y + size // 4 + index * row
        row_bottom = row_top + row - 3
        _draw_text(image, label, x, row_top, size, LIGHT)
        cv2.rectangle(image, (start, row_top + 1), (start + 5 * size, row_bottom), DARK, -1)
        filled = round(5 * size * float(face.probabilities[index]))
        if filled:
            colour = COLOURS.get(label, OTHER_COLOUR)
            cv2.rectangle(image, (start, row_top + 1), (start + filled, row_bottom), colour, -1)


def _draw_small_bars(image: np.ndarray, face: Face, labels: Sequence[str], unit: int) -> None:
    """Draw upright bars without names at the lower edge of the box, where all else is full."""
    left, _, right, bottom = (round(value) for value in face.box)
    step = max(2, (right - left) // len(labels))
    cv2.rectangle(image, (left, bottom), (left + step * len(labels), bottom + unit), DARK, -1)
    for index, label in enumerate(labels):
        x = left + index * step
        top = bottom + unit - round(unit * float(face.probabilities[index]))
        colour = COLOURS.get(label, OTHER_COLOUR)
        cv2.rectangle(image, (x, top), (x + step - 2, bottom + unit), colour, -1)


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
