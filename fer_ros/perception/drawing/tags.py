"""
Draw the tag of a face and the legend of an annotated image.

A tag shows the id and the emotion of a face, and a bar for the probability of each emotion.
"""

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

# Height of the letters at a font scale of 1 [px].
FONT_HEIGHT = 22

# Minimum height of readable letters [px].
LEAST_LETTERS = 8

# The height of letters is rounded to multiples of this [px].
LETTER_STEP = 4

# Share of the image that is visible through the background of the bars, 0 to 1.
TRANSPARENCY = 0.2

# Number of letters in the abbreviation of an emotion's name.
ABBREVIATED = 3

# Index of the largest form of a tag, in which each bar has the name of its emotion. The smaller
# forms have bars without names.
FULL = 4


def letters_for(box: tuple[float, float, float, float], shape: tuple[int, int]) -> int:
    """
    Choose the height of the letters in a face's tag; a small face gets small letters.

    :param box: (left, top, right, bottom) in pixels.
    :param shape: (height, width) of the image in pixels.
    :return: the height in pixels.
    """
    side = min(shape)
    least, most = max(LEAST_LETTERS, side // 60), max(LEAST_LETTERS, side // 40)
    # The height is rounded, because a face always moves a little.
    wanted = LETTER_STEP * round((box[2] - box[0]) / 5 / LETTER_STEP)
    return int(np.clip(wanted, least, most))


def tag_sizes(face: Face, labels: Sequence[str], letters: int) -> list[tuple[int, int]]:
    """
    Compute the size of each form of a face's tag, from the smallest to the largest.

    :param face: the face.
    :param labels: the labels, in the order of the face's probabilities.
    :param letters: height of the letters in pixels.
    :return: (width, height) of each form in pixels.
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
    :param face: the face.
    :param labels: the labels, in the order of the face's probabilities.
    :param letters: height of the letters in pixels.
    :param form: index of the form in `tag_sizes`.
    :param place: (left, top) of the tag in pixels.
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
        # Even a bar for a probability of 0 is one pixel high, so that its colour is visible.
        bar = 1 + round(full * float(face.probabilities[index]))
        corner = (max(begin, end - 2), top + height - 1)
        cv2.rectangle(image, (begin, top + height - bar), corner, colours[label], cv2.FILLED)


def legend_sizes(labels: Sequence[str], letters: int) -> list[tuple[int, int]]:
    """
    Compute the sizes of the two forms of a legend, a row and a column.

    :param labels: the labels in the legend.
    :param letters: height of the letters in pixels.
    :return: (width, height) of each form in pixels.
    """
    widths = [_text_size(label, letters)[0] for label in labels]
    _, height = _text_size('', letters)
    return [(sum(widths), height), (max(widths), height * len(labels))]


def draw_legend(
    image: np.ndarray, labels: Sequence[str], letters: int, form: int, place: tuple[int, int]
) -> None:
    """
    Draw a legend, in which each label has the colour of its emotion.

    :param image: (H, W, 3) uint8 BGR, drawn on.
    :param labels: the labels in the legend.
    :param letters: height of the letters in pixels.
    :param form: index of the form in `legend_sizes`.
    :param place: (left, top) of the legend in pixels.
    """
    _darken(image, *place, *legend_sizes(labels, letters)[form])
    x, y = place
    for label, colour in colours_of(labels).items():
        if label in labels:
            _draw_text(image, label, x, y, letters, tuple(max(value, 70) for value in colour))
            width, height = _text_size(label, letters)
            x, y = (x + width, y) if form == 0 else (x, y + height)


def _words(face: Face, labels: Sequence[str], form: int) -> str:
    """
    Return the text of a face's tag.

    The text has the id, and in larger forms also the emotion and its probability.
    """
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
    """Draw a horizontal bar and a name for each emotion."""
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
    """Return the height of the names beside bars, in pixels."""
    return max(LEAST_LETTERS, round(0.8 * letters))


def _row(small: int) -> int:
    """Return the height of a row with a bar, in pixels."""
    return small + max(3, small // 3)


def _bar_length(small: int) -> int:
    """Return the width reserved for a horizontal bar, in pixels."""
    return 5 * small


def _names_width(labels: Sequence[str], small: int) -> int:
    """Return the width of the longest name, in pixels."""
    return max(_text_size(label, small)[0] for label in labels)


def _darken(image: np.ndarray, left: int, top: int, width: int, height: int) -> None:
    """Darken a rectangle of the image, so that light letters are readable on it."""
    bottom, right = top + height, left + width
    part = image[top:bottom, left:right]
    if part.size:
        ground = np.full_like(part, DARK)
        part[:] = cv2.addWeighted(part, TRANSPARENCY, ground, 1 - TRANSPARENCY, 0)


@lru_cache(maxsize=1024)
def _text_size(text: str, letters: int) -> tuple[int, int]:
    """Return the width and the height of a text including its margins, in pixels."""
    (width, _), _ = cv2.getTextSize(text, FONT, letters / FONT_HEIGHT, _stroke(letters))
    return width + letters // 2, letters + letters // 2


def _draw_text(
    image: np.ndarray, text: str, x: int, y: int, letters: int, colour: Sequence[float]
) -> None:
    """Draw a text with margins; (x, y) is the upper left corner including the margins."""
    place = (x + letters // 4, y + letters + letters // 8)
    scale, stroke = letters / FONT_HEIGHT, _stroke(letters)
    cv2.putText(image, text, place, FONT, scale, colour, stroke, cv2.LINE_AA)


def _stroke(letters: int) -> int:
    """Return the line thickness of the letters, in pixels."""
    return max(1, letters // 12)
