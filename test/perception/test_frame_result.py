import numpy as np

from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position
from fer_ros.perception.frame_result import FrameResult

LABELS = ('happy', 'sad')


def face(id_):
    return Face(id_, (0, 0, 9, 9), 0.9, np.array([0.6, 0.4]), 'happy')


def result_of(*ids, changed=()):
    return FrameResult(
        stamp=1.0,
        image_size=(480, 640),
        labels=LABELS,
        affect=np.zeros((2, 2)),
        faces=tuple(face(id_) for id_ in ids),
        changed_ids=frozenset(changed),
    )


def test_positions_are_given_to_the_faces_and_to_those_that_changed():
    position = Position(np.array([0.1, 0.2, 1.5]), np.eye(3))

    located = result_of(1, 2, 3, changed=(2, 3)).located({2: position})

    assert [one.position for one in located.faces] == [None, position, None]
    assert [(one.id, one.position) for one in located.changed_faces] == [(2, position), (3, None)]
