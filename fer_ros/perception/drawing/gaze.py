"""Draw the direction of a gaze or of a head as a short line."""

from __future__ import annotations

import cv2
import numpy as np

from fer_ros.perception.drawing.colours import Colour
from fer_ros.perception.drawing.colours import DARK
from fer_ros.perception.faces import ATTENDING
from fer_ros.perception.faces import Face

# BGR, of the ray of an attending person and of others.
ATTENDING_COLOUR: Colour = (90, 220, 90)
OTHER_COLOUR: Colour = (200, 200, 200)

# Index of the bridge of the nose in the landmarks of hri_msgs.
SELLION = 27

# Length of a ray across the line of sight, as a fraction of the height of the box, and radius of
# its start, in thicknesses of the line. The ray of a person who looks into the camera is a point.
LENGTH = 0.8
RADIUS = 2


def draw_gaze(image: np.ndarray, face: Face, thickness: int) -> None:
    """
    Draw the gaze, or the direction of the head if the gaze is unknown.

    :param image: (H, W, 3) uint8 BGR, drawn on.
    :param face: a face; without attention or without a head pose, nothing is drawn.
    :param thickness: thickness of the line in pixels.
    """
    attention = face.attention
    if attention is None or attention.head is None:
        return
    left, top, right, bottom = face.box
    start = np.array([(left + right) / 2, top + 0.4 * (bottom - top)])
    if attention.landmarks is not None:
        start = attention.landmarks[SELLION].astype(np.float64)
    direction = attention.gaze
    if direction is None:
        direction = attention.head.rotation[:, 0]
    # The component along the line of sight is not visible.
    sight = attention.head.position.point / np.linalg.norm(attention.head.position.point)
    across = direction - sight * (direction @ sight)
    end = start + LENGTH * (bottom - top) * across[:2]
    colour = ATTENDING_COLOUR if attention.state == ATTENDING else OTHER_COLOUR
    points = [tuple(int(value) for value in point.round()) for point in (start, end)]
    for extra, ink in ((2, DARK), (0, colour)):
        cv2.line(image, points[0], points[1], ink, thickness + extra, cv2.LINE_AA)
        cv2.circle(image, points[0], RADIUS * thickness + extra // 2, ink, -1, cv2.LINE_AA)
