from dataclasses import replace

import numpy as np

from tiny_recipe import TINY
from training.recipes.building import build_model
from training.runs.checkpoints import RunningAverage


def test_the_average_follows_the_weights():
    model = build_model(replace(TINY, sides=()))
    average = RunningAverage(model, decay=0.5)
    first = model.get_weights()
    model.set_weights([value + 1 for value in first])

    for _ in range(30):
        average.update()

    for value, old in zip(average.values, first, strict=True):
        np.testing.assert_allclose(value, old + 1, rtol=1e-4, atol=1e-4)
