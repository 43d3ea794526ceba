"""Draw faces and their emotions onto an image."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fer_ros.perception.boxes import Box
from fer_ros.perception.boxes import overlaps
from fer_ros.perception.drawing.colours import Colour
from fer_ros.perception.drawing.colours import colours_of
from fer_ros.perception.drawing.colours import DARK
from fer_ros.perception.drawing.gaze import draw_gaze
from fer_ros.perception.drawing.layout import find_corner
from fer_ros.perception.drawing.layout import GROWTH
from fer_ros.perception.drawing.layout import lay_out
from fer_ros.perception.drawing.layout import NO_BLOCK
from fer_ros.perception.drawing.layout import Place
from fer_ros.perception.drawing.tags import draw_legend
from fer_ros.perception.drawing.tags import draw_tag
from fer_ros.perception.drawing.tags import FULL
from fer_ros.perception.drawing.tags import legend_sizes
from fer_ros.perception.drawing.tags import letters_for
from fer_ros.perception.drawing.tags import tag_sizes
from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.faces import Face

# On the image, or on a black background.
MODES = ('boxes', 'labels')

# Two boxes that overlap by at least this are boxes of one face (intersection over union).
SAME_FACE = 0.5


class Drawing:
    """
    Draw the faces of consecutive images.

    The tag of a face keeps its place from image to image, if possible.
    """

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}

    def draw(
        self,
        image: np.ndarray,
        faces: Sequence[Face],
        labels: Sequence[str],
        mode: str = 'boxes',
        others: Sequence[Box] = (),
    ) -> np.ndarray:
        """
        Draw the box, the id, the decided emotion and the probabilities of each face.

        :param image: (H, W, 3) uint8 BGR; it is not changed.
        :param faces: the faces in this image.
        :param labels: the labels, in the order of the faces' probabilities.
        :param mode: 'boxes' to draw on the image, 'labels' to draw on black.
        :param others: (left, top, right, bottom) in pixels of other possible faces. No boxes are
            drawn for them, and no tags cover them. A box of one of the faces has no effect.
        :return: (H, W, 3) uint8 BGR, an annotated copy.
        :raises ValueError: if the mode is another one. To hide faces, pass an image that
            `FaceMasker` has masked.
        """
        if mode not in MODES:
            raise ValueError(f'cannot draw in the mode {mode!r}; choose one of {", ".join(MODES)}')
        drawn = np.zeros_like(image) if mode == 'labels' else image.copy()
        if faces:
            self._draw_faces(drawn, faces, labels, others)
        return drawn

    def _draw_faces(
        self,
        image: np.ndarray,
        faces: Sequence[Face],
        labels: Sequence[str],
        others: Sequence[Box],
    ) -> None:
        """Draw boxes, gazes, a tag beside each box, and a legend if no tag names all emotions."""
        shape = image.shape[:2]
        colours = colours_of(labels)
        thickness = max(1, min(shape) // 240)
        boxes = np.array([face.box for face in faces]).round().astype(int)
        # Tags must not cover the lines of a box.
        framed = boxes + (thickness + 1) * GROWTH
        letters = [letters_for(face.box, shape) for face in faces]
        sizes = [tag_sizes(face, labels, size) for face, size in zip(faces, letters, strict=True)]
        before = [self._places.get(face.id) for face in faces]
        hidden = _elsewhere(others, boxes)
        places = lay_out(framed, sizes, shape, before, hidden)
        self._places = {face.id: place for face, place in zip(faces, places, strict=True)}
        for face, box in zip(faces, boxes, strict=True):
            _draw_box(image, box, colours[face.emotion], thickness, face.emotion == UNCERTAIN)
            draw_gaze(image, face, thickness)
        for face, size, place in zip(faces, letters, places, strict=True):
            if place.choice != NO_BLOCK:
                draw_tag(image, face, labels, size, place.choice, (place.left, place.top))
        if all(place.choice != FULL for place in places):
            taken = [
                (place.left, place.top, place.left + width, place.top + height)
                for place, of_face in zip(places, sizes, strict=True)
                if place.choice != NO_BLOCK
                for width, height in [of_face[place.choice]]
            ]
            covered = np.concatenate([framed, hidden, np.array(taken, int).reshape(-1, 4)])
            _explain(image, labels, min(letters), covered)


def _elsewhere(others: Sequence[Box], boxes: np.ndarray) -> np.ndarray:
    """
    Return the boxes that are not those of the faces.

    :param others: (left, top, right, bottom) in pixels of possible faces.
    :param boxes: (N, 4) int, pixels: the boxes of the faces.
    :return: (M, 4) int boxes in pixels.
    """
    possible = np.array(others, float).reshape(-1, 4)
    elsewhere = (overlaps(possible, boxes) < SAME_FACE).all(axis=1)
    return np.asarray(possible[elsewhere].round(), int)


def _explain(image: np.ndarray, labels: Sequence[str], letters: int, taken: np.ndarray) -> None:
    """Draw the legend in a free corner of the image, if there is one."""
    corner = find_corner(legend_sizes(labels, letters), taken, image.shape[:2])
    if corner is not None:
        draw_legend(image, labels, letters, corner.choice, (corner.left, corner.top))


def _draw_box(
    image: np.ndarray,
    box: np.ndarray,
    colour: Colour,
    thickness: int,
    open_: bool,
) -> None:
    """
    Draw a box with a dark outline, so that it is visible on any background.

    :param image: (H, W, 3) uint8 BGR, drawn on.
    :param box: (4,) int, (left, top, right, bottom) in pixels.
    :param colour: BGR.
    :param thickness: thickness of the coloured line in pixels.
    :param open_: whether only the corners of the box are drawn.
    """
    left, top, right, bottom = (int(value) for value in box)
    reach = max(3, min(right - left, bottom - top) // 4) if open_ else max(image.shape)
    for width, ink in ((thickness + 2, DARK), (thickness, colour)):
        for x, inwards in ((left, 1), (right, -1)):
            for y, downwards in ((top, 1), (bottom, -1)):
                across = int(np.clip(x + inwards * reach, left, right))
                along = int(np.clip(y + downwards * reach, top, bottom))
                cv2.line(image, (x, y), (across, y), ink, width)
                cv2.line(image, (x, y), (x, along), ink, width)
