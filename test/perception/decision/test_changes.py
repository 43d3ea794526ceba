import numpy as np
import pytest

from fer_ros.perception.decision.changes import ChangeDetector
from fer_ros.perception.faces import Face

hypothesis = pytest.importorskip('hypothesis')
strategies = hypothesis.strategies


def face(id_, emotion='happy'):
    return Face(id_, (0, 0, 9, 9), 0.9, np.array([0.6, 0.4]), emotion)


def told(changed, left):
    return [(one.id, one.emotion) for one in changed], left


def test_who_comes_is_told_once():
    changes = ChangeDetector()

    assert told(*changes.update([face(1)], {1})) == ([(1, 'happy')], [])
    assert told(*changes.update([face(1)], {1})) == ([], [])


def test_only_the_face_that_changed_is_told():
    changes = ChangeDetector()
    changes.update([face(1), face(2)], {1, 2})

    assert told(*changes.update([face(1), face(2, 'sad')], {1, 2})) == ([(2, 'sad')], [])


def test_who_is_lost_for_a_moment_has_not_left():
    changes = ChangeDetector()
    changes.update([face(1)], {1})

    assert told(*changes.update([], {1})) == ([], [])
    assert told(*changes.update([face(1)], {1})) == ([], [])


def test_who_left_is_told_once():
    changes = ChangeDetector()
    changes.update([face(1), face(2)], {1, 2})

    assert told(*changes.update([face(2)], {2})) == ([], [1])
    assert told(*changes.update([face(2)], {2})) == ([], [])


@hypothesis.given(
    strategies.lists(
        strategies.dictionaries(
            strategies.integers(1, 4), strategies.sampled_from(['happy', 'sad', 'uncertain'])
        ),
        max_size=30,
    )
)
def test_who_only_hears_of_changes_knows_what_there_is(frames):
    changes = ChangeDetector()
    known = {}

    for frame in frames:
        before = dict(known)
        changed, left = changes.update([face(*one) for one in frame.items()], set(frame))
        known.update({one.id: one.emotion for one in changed})
        for id_ in left:
            del known[id_]

        assert known == frame
        # There is exactly one message per change, and no other message.
        assert len(changed) + len(left) == len(
            set(before.items()) - set(frame.items()) | set(frame.items()) - set(before.items())
        ) - sum(before.get(id_, emotion) != emotion for id_, emotion in frame.items())
