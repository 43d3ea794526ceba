"""Results of frames, made up for tests of what comes after the pipeline."""

import numpy as np

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
