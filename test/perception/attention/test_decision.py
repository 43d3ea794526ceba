import itertools
import math

import numpy as np
import pytest

from fer_ros.perception.attention.decision import attention_scores
from fer_ros.perception.attention.decision import AttentionDecider
from fer_ros.perception.attention.decision import GAZE
from fer_ros.perception.attention.decision import HEAD
from fer_ros.perception.attention.decision import ROUGH_HEAD

LIMIT = math.radians(15)


def decisions(angles, hold=0.3, period=0.1):
    """Return the state in each frame, for angles in degrees; None for no measurement."""
    decider = AttentionDecider()
    return [
        decider.update(None if angle is None else math.radians(angle), LIMIT, period * index, hold)
        for index, angle in enumerate(angles)
    ]


@pytest.mark.parametrize(
    ('angle', 'state'), [(0, 'attending'), (14.9, 'attending'), (15.1, 'away'), (None, 'unknown')]
)
def test_the_first_frame_is_decided_at_once(angle, state):
    assert decisions([angle]) == [state]


def test_a_short_glance_changes_nothing_and_a_long_one_does():
    states = decisions([0] * 3 + [40] * 2 + [0] * 3 + [40] * 5)

    assert states[:10] == ['attending'] * 10
    assert states[-2:] == ['away'] * 2


def test_an_attending_person_stays_attending_a_little_beyond_the_limit():
    assert set(decisions([10, *[17] * 20])) == {'attending'}
    assert set(decisions([17] * 20)) == {'away'}


def test_angles_around_the_limit_do_not_flicker():
    angles = 15 + np.random.default_rng(0).normal(0, 2, 300)

    states = decisions(angles, period=1 / 30)

    assert sum(one != other for one, other in itertools.pairwise(states)) <= 2


def test_closed_eyes_are_away_after_the_hold_time_and_a_blink_is_not():
    closed = math.inf

    assert decisions([0, 0, closed, closed, 0, 0])[-1] == 'attending'
    assert decisions([0, *[closed] * 5])[-1] == 'away'


@pytest.mark.parametrize('evidence', [GAZE, HEAD, ROUGH_HEAD])
@pytest.mark.parametrize('angle', [None, 0.0, 0.2, 0.5, 3.0, math.inf])
def test_scores_are_probabilities(angle, evidence):
    scores = attention_scores(angle, evidence, LIMIT)

    assert scores.sum() == pytest.approx(1)
    assert (scores >= 0).all()


def test_the_score_of_attending_falls_with_the_angle_and_is_even_at_the_limit():
    attending, away, _ = np.transpose(
        [attention_scores(angle, GAZE, LIMIT) for angle in (0.0, 0.2, LIMIT, 0.4)]
    )

    assert (np.diff(attending) < 0).all()
    assert attending[2] == pytest.approx(away[2])


def test_a_rough_pose_leaves_more_unknown():
    unknown = [attention_scores(0.0, one, LIMIT)[2] for one in (GAZE, HEAD, ROUGH_HEAD)]

    assert unknown == sorted(unknown)
