"""The pictures on which the temperature and the figures of an imported network are measured."""

import numpy as np
import pytest

from training.bundles.foreign.bundle import _parts
from training.data.datasets import FaceData


@pytest.mark.parametrize('other', ['private', 'public'])
def test_training_pictures_are_left_out_if_one_other_split_exists(other):
    split = np.array(['train'] * 30 + [other] * 10, '<U7')
    data = FaceData(
        images=np.zeros((40, 2, 2), np.uint8),
        labels=np.arange(40) % 2,
        split=split,
        source=np.array([f'{number}.png' for number in range(40)]),
        label_names=('happy', 'sad'),
    )

    fitted_on, measured_on, told = _parts(data)

    used = [*fitted_on.source.tolist(), *measured_on.source.tolist()]
    assert sorted(used) == sorted(f'{number}.png' for number in range(30, 40))
    assert told == 'one half of the pictures that are not for training'
