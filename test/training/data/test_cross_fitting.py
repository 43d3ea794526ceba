import numpy as np

from training.data.cross_fitting import learnt_from
from training.data.cross_fitting import parts_of
from training.data.cross_fitting import taught


def test_copies_are_in_one_part_and_the_order_does_not_matter(made_up):
    images = made_up(200).images
    again = np.concatenate([images[::-1], images[:5]])

    parts = parts_of(images, 4)

    assert set(parts) == {0, 1, 2, 3}
    assert np.bincount(parts).min() > 25
    np.testing.assert_array_equal(parts_of(again, 4), [*parts[::-1], *parts[:5]])


def test_a_network_teaches_what_it_did_not_learn_from(made_up):
    data = made_up(60)
    assert learnt_from(data, ()) is data
    assert taught(data.images, ()).all()
    for number in range(3):
        held_back = (number, 3)
        learnt = set(learnt_from(data, held_back).source)
        told = set(data.source[taught(data.images, held_back)])
        assert learnt | told == set(data.source)
        assert not learnt & told
        assert told
