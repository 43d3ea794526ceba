import numpy as np
import pytest

from training.evaluation.truth import votes_for_label
from training.evaluation.truth import votes_for_others


def test_agreement_is_counted_vote_by_vote():
    # Eight votes for the first label, two for the second. The network predicts the second label.
    votes = np.array([[8, 2, 0]], np.uint8)

    assert votes_for_label(np.array([1]), votes).tolist() == [2]
    # Each of the eight votes agrees with the majority of the others. The two other votes do not.
    assert votes_for_others(votes).tolist() == [8]


def test_a_tie_of_the_other_annotators_is_shared():
    # Without one vote for the first label, the others vote 2 to 3. The same holds for the second
    # label, so no vote agrees with the others.
    assert votes_for_others(np.array([[3, 3]])).tolist() == [0]
    # Without one vote for the first label, the others are tied at 2 to 2.
    assert votes_for_others(np.array([[3, 2]])).tolist() == [pytest.approx(3 / 2)]


def test_a_single_vote_has_nobody_to_agree_with():
    assert votes_for_others(np.array([[1, 0, 0]])).tolist() == [0]


def test_agreement_is_what_counting_each_vote_by_itself_gives():
    generator = np.random.default_rng(0)
    votes = generator.multinomial(10, [0.4, 0.3, 0.2, 0.1], 50)

    expected = np.zeros(50)
    for picture, counts in enumerate(votes):
        for one in np.repeat(np.arange(4), counts):
            rest = counts.copy()
            rest[one] -= 1
            best = np.flatnonzero(rest == rest.max())
            expected[picture] += (one in best) / len(best)

    np.testing.assert_allclose(votes_for_others(votes), expected)
