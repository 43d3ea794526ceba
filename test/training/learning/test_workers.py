from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

from training.learning.targets import prepare_targets
from training.learning.workers import batches_by
from training.recipes.recipe import Recipe

ROOT = Path(__file__).resolve().parents[3]


def build(heads, side):
    raise AssertionError('no network is built')


RECIPE = Recipe(name='made_up', build=build, batch_size=16, side=32)


def test_processes_make_the_batches_that_threads_make(made_up):
    data, rows = made_up(70), slice(0, 8)
    given = data, prepare_targets(data, RECIPE), RECIPE, rows

    with batches_by(0, *given) as here, batches_by(2, *given) as there:
        for epoch in (0, 1, 0):
            own, others = here(epoch), there(epoch)
            assert len(own) == len(others) == 4
            for index in range(4):
                inputs, targets = own[index]
                theirs, told = others[index]
                np.testing.assert_array_equal(theirs, inputs)
                assert told.keys() == targets.keys()
                for head, rows_of_head in targets.items():
                    np.testing.assert_array_equal(told[head], rows_of_head)


def test_what_a_process_raises_arrives(made_up):
    data = made_up(70)

    targets = {'fer2013': np.zeros((3, 7), np.float32)}

    with (
        batches_by(1, data, targets, RECIPE) as there,
        pytest.raises(IndexError, match='out of bounds'),
    ):
        there(0)[0]


def test_a_worker_process_imports_no_keras():
    script = (
        'import sys, training.learning.worker_process\n'
        'print([name for name in ("keras", "tensorflow", "jax") if name in sys.modules])'
    )
    done = subprocess.run(
        [sys.executable, '-c', script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == '[]\n'
