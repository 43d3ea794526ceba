"""What stands beside a face on a picture: its id, its emotion, and a bar for each emotion."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from fer_ros.perception.drawing.colours import colours_of
from fer_ros.perception.drawing.colours import DARK
from fer_ros.perception.drawing.colours import LIGHT
from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.faces import Face

FONT = cv2.FONT_HERSHEY_SIMPLEX

# The letters' height in pixels at a font scale of 1.
FONT_HEIGHT = 22

# Letters below this height are no longer read [px].
LEAST_LETTERS = 8

# Letters are higher by this, or not at all [px].
LETTER_STEP = 4

# How much of the ground is seen through the bars.
TRANSPARENCY = 0.2

# Of an emotion's name, so much is left where room is short.
ABBREVIATED = 3

# The fullest form of a tag: a bar with a name for each emotion. The others have bars without.
FULL = 4


def letters_for(box: tuple[float, float, float, float], shape: tuple[int, int]) -> int:
    """
    Choose the height of the letters beside a face: smaller beside a small one.

    :param box: (left, top, right, bottom) in pixels.
    :param shape: the image's (height, width).
    :return: in pixels.
    """
    side = min(shape)
    least, most = max(LEAST_LETTERS, side // 60), max(LEAST_LETTERS, side // 40)
    # In steps, as a face is never still.
    wanted = LETTER_STEP * round((box[2] - box[0]) / 5 / LETTER_STEP)
    return int(np.clip(wanted, least, most))


def tag_sizes(face: Face, labels: Sequence[str], letters: int) -> list[tuple[int, int]]:
    """
    Give the size of each form of a face's tag, from the shortest to the fullest.

    :param face: to be told of.
    :param labels: the names of its probabilities.
    :param letters: their height, in pixels.
    :return: (width, height) in pixels of each form.
    """
    bars = letters + 3
    sizes = []
    for form in range(FULL):
        width, height = _text_size(_words(face, labels, form), letters)
        sizes.append((max(width, 3 * len(labels)), height + bars))
    small = _small(letters)
    names, length = _names_width(labels, small), _bar_length(small)
    rows = len(labels) * _row(small) + small // 2
    return [*sizes, (max(sizes[-1][0], names + length), sizes[-1][1] - bars + rows)]


def draw_tag(
    image: np.ndarray,
    face: Face,
    labels: Sequence[str],
    letters: int,
    form: int,
    place: tuple[int, int],
) -> None:
    """
    Draw a face's tag.

    :param image: (H, W, 3) uint8 BGR, drawn on.
    :param face: to be told of.
    :param labels: the names of its probabilities.
    :param letters: their height, in pixels.
    :param form: which of `tag_sizes` it has.
    :param place: (left, top) in pixels.
    """
    left, top = place
    width, height = tag_sizes(face, labels, letters)[form]
    colours = colours_of(labels)
    colour = colours[face.emotion]
    _, head = _text_size('', letters)
    _darken(image, left, top + head, width, height - head)
    cv2.rectangle(image, (left, top), (left + width - 1, top + head - 1), colour, cv2.FILLED)
    ink = DARK if sum(colour) > 300 else LIGHT
    _draw_text(image, _words(face, labels, form), left, top, letters, ink)
    if form == FULL:
        _draw_named_bars(image, face, labels, letters, (left, top + head))
        return
    full = height - head - 3
    for index, label in enumerate(labels):
        begin, end = (left + width * step // len(labels) for step in (index, index + 1))
        # A bar without length still shows its colour.
        bar = 1 + round(full * float(face.probabilities[index]))
        corner = (max(begin, end - 2), top + height - 1)
        cv2.rectangle(image, (begin, top + height - bar), corner, colours[label], cv2.FILLED)


def legend_sizes(labels: Sequence[str], letters: int) -> list[tuple[int, int]]:
    """
    Give the sizes that a legend of the colours may have: a row, or a column.

    :param labels: to be explained.
    :param letters: their height, in pixels.
    :return: (width, height) in pixels of each.
    """
    widths = [_text_size(label, letters)[0] for label in labels]
    _, height = _text_size('', letters)
    return [(sum(widths), height), (max(widths), height * len(labels))]


def draw_legend(
    image: np.ndarray, labels: Sequence[str], letters: int, form: int, place: tuple[int, int]
) -> None:
    """
    Say which colour is which emotion.

    :param image: (H, W, 3) uint8 BGR, drawn on.
    :param labels: to be explained.
    :param letters: their height, in pixels.
    :param form: which of `legend_sizes` it has.
    :param place: (left, top) in pixels.
    """
    _darken(image, *place, *legend_sizes(labels, letters)[form])
    x, y = place
    for label, colour in colours_of(labels).items():
        if label in labels:
            _draw_text(image, label, x, y, letters, tuple(max(value, 70) for value in colour))
            width, height = _text_size(label, letters)
            x, y = (x + width, y) if form == 0 else (x, y + height)


def _words(face: Face, labels: Sequence[str], form: int) -> str:
    """Say which person it is and what the face shows, the more the higher the form."""
    if form == 0:
        return f'{face.id}?' if face.emotion == UNCERTAIN else f'{face.id}'
    if form == 1:
        return f'{face.id} {face.emotion[:ABBREVIATED]}'
    if form == 2 or face.emotion not in labels:
        return f'{face.id} {face.emotion}'
    probability = face.probabilities[list(labels).index(face.emotion)]
    return f'{face.id} {face.emotion} {100 * probability:.0f}%'


def _draw_named_bars(
    image: np.ndarray, face: Face, labels: Sequence[str], letters: int, place: tuple[int, int]
) -> None:
    """Draw a lying bar and a name for each emotion."""
    small = _small(letters)
    begin = place[0] + _names_width(labels, small)
    length = _bar_length(small) - small // 2
    colours = colours_of(labels)
    for index, label in enumerate(labels):
        top = place[1] + small // 4 + index * _row(small)
        _draw_text(image, label, place[0], top - small // 4, small, LIGHT)
        bottom = top + _row(small) - 3
        cv2.rectangle(image, (begin, top), (begin + length, bottom), DARK, cv2.FILLED)
        filled = round(length * float(face.probabilities[index]))
        if filled:
            cv2.rectangle(image, (begin, top), (begin + filled, bottom), colours[label], -1)


def _small(letters: int) -> int:
    """Give the height of the letters beside bars, in pixels."""
    return max(LEAST_LETTERS, round(0.8 * letters))


def _row(small: int) -> int:
    """Give the height of a row of bars, in pixels."""
    return small + max(3, small // 3)


def _bar_length(small: int) -> int:
    """Give the room for a lying bar, in pixels."""
    return 5 * small


def _names_width(labels: Sequence[str], small: int) -> int:
    """Give the width of the longest name, in pixels."""
    return max(_text_size(label, small)[0] for label in labels)


def _darken(image: np.ndarray, left: int, top: int, width: int, height: int) -> None:
    """Lay a ground under what is drawn, on which light letters are read."""
    bottom, right = top + height, left + width
    part = image[top:bottom, left:right]
    if part.size:
        ground = np.full_like(part, DARK)
        part[:] = cv2.addWeighted(part, TRANSPARENCY, ground, 1 - TRANSPARENCY, 0)


@lru_cache(maxsize=1024)
def _text_size(text: str, letters: int) -> tuple[int, int]:
    """Give the width and the height of a text with the room around it, in pixels."""
    (width, _), _ = cv2.getTextSize(text, FONT, letters / FONT_HEIGHT, _stroke(letters))
    return width + letters // 2, letters + letters // 2


def _draw_text(
    image: np.ndarray, text: str, x: int, y: int, letters: int, colour: Sequence[float]
) -> None:
    """Write a text whose room begins at (x, y)."""
    place = (x + letters // 4, y + letters + letters // 8)
    scale, stroke = letters / FONT_HEIGHT, _stroke(letters)
    cv2.putText(image, text, place, FONT, scale, colour, stroke, cv2.LINE_AA)


def _stroke(letters: int) -> int:
    """Give the thickness of the letters, in pixels."""
    return max(1, letters // 12)
