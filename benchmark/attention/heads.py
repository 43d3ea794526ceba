"""Turn the head in a picture by a known rotation, by rendering its 3-D landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import Delaunay

from fer_ros.perception.attention.face_model import load_face_model

# Landmarks of the outline of the face, in order, as (indices around the face).
OUTLINE = [
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
]

# The surroundings of the face are rings around its outline: the distance from its middle, and the
# depth behind the outline, both as fractions of the radius of the outline.
RINGS = ((1.25, 0.35), (1.6, 1.0))


@dataclass(frozen=True)
class Head:
    """
    The surface of a head in a picture.

    :param image: (H, W, 3) uint8 BGR image.
    :param seen: (N, 2) float64, the vertices in pixels of the image.
    :param depth: (N,) float64, their depth in pixels, growing away from the camera.
    :param triangles: (M, 3) int, indices of the vertices.
    """

    image: np.ndarray
    seen: np.ndarray
    depth: np.ndarray
    triangles: np.ndarray


def head_of(image: np.ndarray, landmarks: np.ndarray) -> Head:
    """
    Create the surface of a head from 3-D landmarks and their extrapolation.

    :param image: (H, W, 3) uint8 BGR image.
    :param landmarks: (468, 3) float64, pixels, z away from the camera.
    """
    middle = landmarks.mean(axis=0)
    outline = landmarks[OUTLINE]
    away = outline - middle
    radius = np.linalg.norm(away[:, :2], axis=1).mean()
    # The depth of the rings follows a smooth outline, not each landmark.
    rings = [
        np.column_stack([middle[:2] + factor * away[:, :2], outline[:, 2] + behind * radius])
        for factor, behind in RINGS
    ]
    flat = load_face_model().points[:, 1:] * (1, -1)
    flat_middle = flat.mean(axis=0)
    flat_rings = [flat_middle + factor * (flat[OUTLINE] - flat_middle) for factor, _ in RINGS]
    vertices = np.concatenate([landmarks, *rings])
    triangles = Delaunay(np.concatenate([flat, *flat_rings])).simplices
    return Head(image, vertices[:, :2], vertices[:, 2], triangles)


def render(
    head: Head,
    turn: np.ndarray,
    focal_length: float,
    distance: float,
    size: tuple[int, int],
    place: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """
    Render a turned head in front of a plain background.

    :param head: the surface.
    :param turn: (3, 3) float64, rotation about the middle of the head, in the camera's frame.
    :param focal_length: focal length of the camera in pixels.
    :param distance: distance of the middle of the head, in pixels of the picture of the head.
    :param size: (height, width) of the result in pixels.
    :param place: (x / z, y / z) of the direction of the middle of the head.
    :return: (H, W, 3) uint8 BGR image.
    """
    height, width = size
    points = np.column_stack([head.seen, head.depth])
    points = (points - points[: len(load_face_model().points)].mean(axis=0)) @ turn.T
    points += distance * np.array([*place, 1.0])
    seen = focal_length * points[:, :2] / points[:, 2:] + (width / 2, height / 2)
    background = head.image.reshape(-1, 3).mean(axis=0)
    map_x = np.full(size, -1e6, np.float32)
    map_y = np.full(size, -1e6, np.float32)
    # Far triangles are drawn first, so that near ones hide them.
    for corners in head.triangles[np.argsort(-points[head.triangles, 2].mean(axis=1))]:
        _fill(map_x, map_y, seen[corners], head.seen[corners])
    image = cv2.remap(
        head.image,
        map_x,
        map_y,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    image[map_x < -1e5] = background
    return image


def _fill(map_x: np.ndarray, map_y: np.ndarray, there: np.ndarray, here: np.ndarray) -> None:
    """
    Fill a triangle of the maps of `cv2.remap`.

    :param there: (3, 2) float64, corners in pixels of the result.
    :param here: (3, 2) float64, corners in pixels of the picture.
    """
    edges = np.array([there[1] - there[0], there[2] - there[0]])
    area = edges[0, 0] * edges[1, 1] - edges[0, 1] * edges[1, 0]
    height, width = map_x.shape
    left, top = np.floor(there.min(axis=0)).astype(int)
    right, bottom = np.ceil(there.max(axis=0)).astype(int) + 1
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if abs(area) < 1e-6 or left >= right or top >= bottom:
        return
    x, y = np.meshgrid(
        np.arange(left, right) + 0.5 - there[0, 0], np.arange(top, bottom) + 0.5 - there[0, 1]
    )
    first = (x * edges[1, 1] - y * edges[1, 0]) / area
    second = (y * edges[0, 0] - x * edges[0, 1]) / area
    inside = (first >= -0.01) & (second >= -0.01) & (first + second <= 1.01)
    for target, axis in ((map_x, 0), (map_y, 1)):
        corner, one, other = here[:, axis].tolist()
        values = corner + first * (one - corner) + second * (other - corner) - 0.5
        target[top:bottom, left:right][inside] = values[inside]
