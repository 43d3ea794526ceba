from pathlib import Path

import numpy as np
import pytest

from benchmark.behaviour.track_measures import ANNOTATIONS
from benchmark.behaviour.track_measures import measure
from benchmark.behaviour.track_measures import read_annotation
from fer_ros.perception.faces import Face

# Boxes of two people who do not move, at ten frames per second.
ONE, OTHER = (0.0, 0.0, 40.0, 40.0), (200.0, 0.0, 240.0, 40.0)


def face(id_, box):
    return Face(id_, box, 0.9, np.array([1.0]), 'happy')


def measured(frames, annotation=None, timeout=1.0):
    """Measure frames, given as dictionaries of boxes by id, by default against both people."""
    answers = [[face(id_, box) for id_, box in frame.items()] for frame in frames]
    if annotation is None:
        annotation = {number: {1: ONE, 2: OTHER} for number in range(len(frames))}
    times = [number / 10 for number in range(len(frames))]
    return measure(annotation, times, answers, timeout)


def test_whom_every_frame_shows_under_one_id_has_nothing_to_complain_of():
    found = measured([{7: ONE, 8: OTHER}] * 5)

    assert (found.recall, found.false, found.false_ids, found.fragmentations) == (1.0, 0, 0, 0)
    assert (found.ids, found.switches, found.returns, found.idf1) == (2, (), (), 1.0)


def test_two_who_swap_their_ids_are_two_switches():
    found = measured([{7: ONE, 8: OTHER}] * 3 + [{8: ONE, 7: OTHER}] * 3)

    switches = [(one.frame, one.person, one.before, one.after) for one in found.switches]
    assert switches == [(3, 1, 7, 8), (3, 2, 8, 7)]
    assert found.recall == 1.0
    assert found.idf1 == 0.5


def test_a_new_id_after_a_long_loss_is_no_switch():
    both, lost = {7: ONE, 8: OTHER}, {8: OTHER}

    short = measured([both, *[lost] * 3, {9: ONE, 8: OTHER}])
    long = measured([both, *[lost] * 20, {9: ONE, 8: OTHER}])

    assert (len(short.switches), len(short.returns)) == (1, 0)
    assert short.switches[0].unseen == pytest.approx(0.4)
    assert (len(long.switches), len(long.returns)) == (0, 1)


def test_who_is_lost_and_found_again_is_a_fragmentation():
    both, lost = {7: ONE, 8: OTHER}, {8: OTHER}

    found = measured([both, lost, both, lost, lost, both])

    assert found.fragmentations == 2
    assert found.switches == ()
    assert found.recall == pytest.approx(9 / 12)


def test_who_is_hidden_is_not_lost():
    annotation = {0: {1: ONE}, 2: {1: ONE}}

    found = measured([{7: ONE}, {}, {7: ONE}], annotation)

    assert (found.boxes, found.found, found.fragmentations) == (2, 2, 0)


def test_faces_where_nobody_is_are_false():
    found = measured([{7: ONE, 8: OTHER, 9: (400.0, 0.0, 440.0, 40.0)}] * 2)

    assert (found.false, found.ids, found.false_ids) == (2, 3, 1)


def test_no_answers_find_nobody():
    found = measured([{}, {}])

    assert (found.recall, found.ids, found.idf1) == (0.0, 0, 0.0)


def test_a_video_that_nobody_annotated_has_no_annotation():
    assert read_annotation(Path('unknown.mp4')) is None


@pytest.mark.parametrize('path', sorted(ANNOTATIONS.glob('*.csv')), ids=lambda path: path.stem)
def test_an_annotation_is_in_order(path):
    annotation = read_annotation(path.with_suffix('.mp4'))

    lines = path.read_text(encoding='utf-8').splitlines()[1:]
    assert sum(len(persons) for persons in annotation.values()) == len(lines) > 0
    for persons in annotation.values():
        for left, top, right, bottom in persons.values():
            assert 0 <= left < right
            assert 0 <= top < bottom
