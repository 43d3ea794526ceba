import numpy as np
import pytest

from fer_ros.perception.emotions import FERPLUS_LABELS
from training.data.votes import emotion_votes
from training.data.votes import is_not_a_face
from training.data.votes import LEFT_OUT
from training.data.votes import majority
from training.data.votes import vote_distribution

# Columns: neutral happiness surprise sadness anger disgust fear contempt unknown NF.
CLEAR = [0, 8, 1, 0, 0, 0, 0, 0, 1, 0]
TIED = [0, 0, 5, 0, 0, 0, 5, 0, 0, 0]
# Exactly half of the valid votes is not a majority.
HALF = [5, 0, 0, 3, 2, 0, 0, 0, 0, 0]
# Sadness has a majority only if single votes are ignored.
OUTLIERS = [1, 1, 0, 4, 1, 1, 1, 0, 1, 0]
UNKNOWN = [0, 2, 0, 0, 0, 0, 0, 0, 8, 0]
NOT_A_FACE = [0, 0, 0, 0, 0, 0, 0, 0, 0, 10]
CONTEMPT = [2, 0, 0, 0, 0, 0, 0, 8, 0, 0]


@pytest.mark.parametrize(
    ('votes', 'label'),
    [
        (CLEAR, 'happy'),
        (TIED, None),
        (HALF, None),
        (OUTLIERS, 'sad'),
        (UNKNOWN, None),
        (NOT_A_FACE, None),
        (CONTEMPT, 'contempt'),
    ],
)
def test_the_majority_is_more_than_half_of_the_votes_that_are_not_single(votes, label):
    expected = LEFT_OUT if label is None else FERPLUS_LABELS.index(label)

    assert majority(np.uint8([votes])).tolist() == [expected]


def test_each_column_of_the_votes_goes_to_its_label():
    names = ['neutral', 'happy', 'surprise', 'sad', 'angry', 'disgust', 'fear', 'contempt']
    votes = np.eye(10, dtype=np.uint8)[:8]

    found = [FERPLUS_LABELS[row.argmax()] for row in emotion_votes(votes)]

    assert found == names


def test_a_distribution_leaves_unknown_and_not_a_face_out():
    rows = vote_distribution(np.uint8([CLEAR, UNKNOWN, NOT_A_FACE]))

    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows.sum(axis=1), [1, 1, 0])
    assert rows[0, FERPLUS_LABELS.index('happy')] == pytest.approx(8 / 9)
    assert rows[1, FERPLUS_LABELS.index('happy')] == 1


def test_not_a_face_is_what_more_than_half_saw_no_face_in():
    half = [5, 0, 0, 0, 0, 0, 0, 0, 0, 5]

    assert is_not_a_face(np.uint8([NOT_A_FACE, half, CLEAR])).tolist() == [True, False, False]


def test_a_table_of_another_width_is_refused():
    with pytest.raises(ValueError, match=r'\(3, 8\), but must be \(N, 10\)'):
        majority(np.zeros((3, 8), np.uint8))
