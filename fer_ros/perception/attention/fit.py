"""Fit a rigid 3-D model to points in an image, by least squares."""

from __future__ import annotations

import math

import cv2
import numpy as np

# Number of Gauss-Newton steps. From the start below, the third step changes the rotation of a face
# by less than 0.01 degrees.
STEPS = 3

# Minimum depth of a point of the model during the fit, in units of the model.
LEAST_DEPTH = 1e-3


class RigidModel:
    """Points of a rigid body, prepared for fits."""

    def __init__(self, points: np.ndarray, weights: np.ndarray) -> None:
        """
        Prepare the model.

        :param points: (N, 3) float, the points in metres, not in one plane.
        :param weights: (N,) float, weights of the squared errors, above 0.
        """
        self.points = np.asarray(points, np.float64)
        self._weights = np.asarray(weights, np.float64) / np.sum(weights)
        self._centre = self._weights @ self.points
        centred = self.points - self._centre
        # (N, 3): maps the centred points of an image to an affine camera, by least squares.
        weighted = centred * self._weights[:, None]
        self._to_affine = weighted @ np.linalg.inv(weighted.T @ centred)
        self._root_weights = np.sqrt(self._weights)

    def affine_pose(self, points: np.ndarray) -> tuple[np.ndarray, float]:
        """
        Fit a camera without perspective.

        :param points: (N, 2) float, (x, y) with y down, in any unit.
        :return: (3, 3) float64, rotation of the model; and the units of the image per metre.
        """
        # The weights times `_to_affine` are 0, so the points need not be centred.
        (a, b, c), (d, e, f) = (self._to_affine.T @ points).T.tolist()
        # The nearest scaled rotation is A (A^T A)^(-1/2), in closed form for two rows.
        first, both, second = a * a + b * b + c * c, a * d + b * e + c * f, d * d + e * e + f * f
        area = math.sqrt(max(first * second - both * both, 1e-300))
        total = math.sqrt(first + second + 2 * area)
        # The inverse of the square root, times `area` and `total`.
        p, q, r = second + area, -both, first + area
        size = area * total
        u = [(p * x + q * y) / size for x, y in ((a, d), (b, e), (c, f))]
        v = [(q * x + r * y) / size for x, y in ((a, d), (b, e), (c, f))]
        out = [
            u[1] * v[2] - u[2] * v[1],
            u[2] * v[0] - u[0] * v[2],
            u[0] * v[1] - u[1] * v[0],
        ]
        return np.array([u, v, out]), total / 2

    def pose(self, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """
        Fit a camera with perspective.

        :param rays: (N, 2) float, (x / z, y / z) of the direction of each point.
        :return: (3, 3) float64, the rotation; (3,) float64, the translation in metres; and the
            root of the mean square error of the directions.
        """
        middle = self._weights @ rays
        # Without perspective, a pose is relative to the line of sight.
        sight = sight_rotation(middle)
        across = turned_rays(rays, sight)
        rotation, scale = self.affine_pose(across)
        translation = np.array([0.0, 0.0, 1 / max(scale, 1e-9)]) - rotation @ self._centre
        for _ in range(STEPS):
            rotation, translation = self._improved(across, rotation, translation)
        error = self._error(across, rotation, translation)
        return sight @ rotation, sight @ translation, error

    def _error(self, rays: np.ndarray, rotation: np.ndarray, translation: np.ndarray) -> float:
        """Return the root of the weighted mean square error."""
        placed = self.points @ rotation.T + translation
        depth = np.maximum(placed[:, 2:], LEAST_DEPTH)
        squares = ((rays - placed[:, :2] / depth) ** 2).sum(axis=1)
        return float(np.sqrt(self._weights @ squares))

    def _improved(
        self, rays: np.ndarray, rotation: np.ndarray, translation: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Do one Gauss-Newton step."""
        turned = self.points @ rotation.T
        placed = turned + translation
        inverse = 1 / np.maximum(placed[:, 2], LEAST_DEPTH)
        seen = placed[:, :2] * inverse[:, None]
        count = len(rays)
        # Derivatives of the projected points with respect to a small rotation (first three
        # columns) and to the translation (last three columns).
        jacobian = np.zeros((2, count, 6))
        jacobian[0, :, 3] = jacobian[1, :, 4] = inverse
        jacobian[:, :, 5] = -(seen * inverse[:, None]).T
        x, y, z = turned.T
        for row in range(2):
            by_x, by_y, by_z = jacobian[row, :, 3:].T
            jacobian[row, :, 0] = by_z * y - by_y * z
            jacobian[row, :, 1] = by_x * z - by_z * x
            jacobian[row, :, 2] = by_y * x - by_x * y
        weighted = (jacobian * self._root_weights[:, None]).reshape(2 * count, 6)
        error = ((rays - seen) * self._root_weights[:, None]).T.ravel()
        # A little damping keeps the system solvable.
        normal = weighted.T @ weighted
        normal[np.diag_indices(6)] += 1e-9 * np.trace(normal) + 1e-300
        step = np.linalg.solve(normal, weighted.T @ error)
        return cv2.Rodrigues(step[:3])[0] @ rotation, translation + step[3:]


def sight_rotation(ray: np.ndarray) -> np.ndarray:
    """
    Return the smallest rotation from the optical axis to a direction.

    :param ray: (2,) float, (x / z, y / z) of the direction.
    :return: (3, 3) float64 rotation matrix.
    """
    x, y = float(ray[0]), float(ray[1])
    length = np.sqrt(1 + x * x + y * y)
    x, y, z = x / length, y / length, 1 / length
    return np.array(
        [
            [1 - x * x / (1 + z), -x * y / (1 + z), x],
            [-x * y / (1 + z), 1 - y * y / (1 + z), y],
            [-x, -y, z],
        ]
    )


def turned_rays(rays: np.ndarray, sight: np.ndarray) -> np.ndarray:
    """
    Express directions in a camera that is turned.

    :param rays: (N, 2) float, (x / z, y / z) of each direction.
    :param sight: (3, 3) float, the axes of the turned camera as columns.
    :return: (N, 2) float64 directions, (x / z, y / z) in the turned camera.
    """
    turned = rays @ sight[:2] + sight[2]
    seen: np.ndarray = turned[:, :2] / turned[:, 2:]
    return seen
