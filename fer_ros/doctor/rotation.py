"""Check whether the camera is rotated, by looking for faces in an image turned in four ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN

if TYPE_CHECKING:
    from fer_ros.perception.faces import FaceDetection


def check_rotation(topic: str, image: np.ndarray) -> Iterator[Finding]:
    """
    Report the rotation of a camera if its image shows a face.

    :param topic: topic of the image, for the message.
    :param image: (H, W, 3) uint8 BGR image.
    """
    from fer_ros.perception.detection.choice import create_detector
    from fer_ros.perception.detection.choice import DetectorError
    from fer_ros.perception.rotation import ROTATIONS
    from fer_ros.perception.rotation import turn_upright
    from fer_ros.perception.settings import Settings

    settings = Settings()
    try:
        detector = create_detector(settings.detector)
    except DetectorError:  # reported by the check of the detectors
        return
    upright = {}
    for rotation in ROTATIONS:
        turned = np.ascontiguousarray(turn_upright(image, rotation))
        found = detector.detect(turned, settings.min_face_score, settings.min_face_size)
        upright[rotation] = [face.score for face in found if is_upright(face)]
    # Among equal rotations, the first one is used, so an ambiguous image needs no rotation.
    best = max(ROTATIONS, key=lambda rotation: sum(upright[rotation]))
    count = len(upright[best])
    if not count:
        return
    faces = '1 face' if count == 1 else f'{count} faces'
    if best:
        told = f'{faces} upright after a rotation by {best} degrees: set rotation: {best}'
        yield Finding(WARN, topic, f'{told}, unless it is set already')
    else:
        yield Finding(OK, topic, f'{faces} upright without rotation')


def is_upright(face: FaceDetection) -> bool:
    """
    Check whether the eyes of a face are side by side, and the person's right eye on the left.

    Detectors also find some faces that lie on their side or are upside down.
    """
    across, down = face.eyes[1] - face.eyes[0]
    return bool(across > abs(down))
