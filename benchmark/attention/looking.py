"""Watch a still picture like a camera image, and return the pose and the landmarks of a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.rig.scenes import detector_weights
from fer_ros.perception.attention.networks import FACE_SIDE
from fer_ros.perception.attention.networks import FaceNetwork
from fer_ros.perception.attention.regions import region_of_landmarks
from fer_ros.perception.attention.watcher import AttentionWatcher
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.faces import Attention
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.faces import HeadPose
from fer_ros.perception.faces import Sighting
from fer_ros.perception.settings import Settings
from fer_ros.perception.space.camera_model import CameraModel

# Frame period of the camera [s], and number of frames for which a picture is shown.
PERIOD = 1 / 30
FRAMES = 15

# Minimum score and size [px] of a face.
LEAST_SCORE = 0.5
LEAST_SIZE = 16


@dataclass(frozen=True)
class Look:
    """
    What was seen in a picture.

    :param face: the detection.
    :param attention: the attention after the last frame.
    :param solid: (468, 3) float64, the landmarks in pixels, z away from the camera; None if they
        were not located.
    """

    face: FaceDetection
    attention: Attention
    solid: np.ndarray | None

    @property
    def head(self) -> HeadPose:
        """Return the pose of the head."""
        assert self.attention.head is not None
        return self.attention.head

    @property
    def middle(self) -> tuple[float, float]:
        """Return the (x, y) between the eyes, in pixels."""
        x, y = self.face.eyes.mean(axis=0).tolist()
        return x, y


class Looker:
    """Watches pictures with YuNet and the networks for attention."""

    def __init__(self) -> None:
        self._detector = create_detector('yunet', str(detector_weights()))
        self._watcher = AttentionWatcher()
        self._network = FaceNetwork()
        self._track = 0

    def look(
        self,
        image: np.ndarray,
        middle: tuple[float, float] | None = None,
        camera: CameraModel | None = None,
    ) -> Look | None:
        """
        Watch a picture for half a second.

        :param image: (H, W, 3) uint8 BGR image.
        :param middle: (x, y) between the eyes of the face, in pixels; None for the largest face.
        :param camera: projection of the image; None to assume one.
        :return: the measured head pose and gaze; None if the face was not found.
        """
        faces = self._detector.detect(image, LEAST_SCORE, LEAST_SIZE)
        if middle is not None:
            faces = [
                face
                for face in faces
                if np.linalg.norm(face.eyes.mean(axis=0) - middle) < face.height / 2
            ]
        if not faces:
            return None
        face = max(faces, key=lambda face: face.width * face.height)
        self._track += 1
        for frame in range(FRAMES):
            found = self._watcher.update(
                image,
                [Sighting(self._track, self._track, face)],
                {self._track},
                self._track + frame * PERIOD,
                Settings(),
                camera,
            )
        attention = found[self._track]
        landmarks = self._watcher.landmarks_of(self._track)
        if attention.head is None:
            return None
        if landmarks is None:
            return Look(face, attention, None)
        region = region_of_landmarks(landmarks)
        points, _ = self._network.locate(region.cut(image, FACE_SIDE))
        seen = region.to_image(points[:, :2], FACE_SIDE)
        depth = points[:, 2] * abs(region.across) / FACE_SIDE
        return Look(face, attention, np.column_stack([seen, depth]))
