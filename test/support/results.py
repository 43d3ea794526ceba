"""Results of frames, made up for tests of what comes after the pipeline."""

import numpy as np

from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position
from fer_ros.perception.frame_result import FrameResult


def result_of(*faces, labels, affect=None, left=(), image_size=(480, 640), changed=(), held=None):
    """Give the result of an image with some faces, all of whom are held."""
    return FrameResult(
        stamp=12.0,
        image_size=image_size,
        labels=labels,
        affect=np.zeros((len(labels), 2)) if affect is None else affect,
        faces=faces,
        changed_ids=frozenset(changed),
        left_ids=tuple(left),
        held_ids=frozenset((face.id for face in faces) if held is None else held),
    )


def face(id_=3, emotion='sad', point=(0.1, -0.2, 1.5)):
    """Give a face with a measured position; the probabilities are of three labels."""
    position = None if point is None else Position(np.array(point), np.eye(3))
    probabilities = np.array([0.2, 0.5, 0.3])
    return Face(id_, (0.0, 0.0, 9.0, 9.0), np.float32(0.9), probabilities, emotion, position)
