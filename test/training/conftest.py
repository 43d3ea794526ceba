"""Small labelled pictures made by hand, and the real ones where they are."""

from __future__ import annotations

from collections.abc import Callable
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from fer_ros.perception.emotions import FER2013_LABELS
from photographs import data_path
from training.datasets import FaceData
from training.datasets import read_fer2013

# On a robot there is neither; what reads, changes and counts is tested without them.
NEEDED_BY = {
    'keras': [
        'test_average.py',
        'test_train.py',
        'test_lite.py',
        'test_workers.py',
        'test_export.py',
        'test_models.py',
        'test_networks.py',
        'test_optimization.py',
        'test_recipes.py',
        'test_scoring.py',
        'test_quantization.py',
        'test_compare.py',
        'test_distillation.py',
        'test_distribution.py',
        'test_tune.py',
    ],
    'matplotlib': ['test_report_page.py'],
    'optuna': ['test_tune.py'],
}
MISSING = [name for name in NEEDED_BY if importlib.util.find_spec(name) is None]
collect_ignore = [test for name in MISSING for test in NEEDED_BY[name]]


def pytest_report_header() -> str | None:
    """Say what is left out, and why."""
    if not MISSING:
        return None
    return f'left out, as {" and ".join(MISSING)} is not installed: {", ".join(collect_ignore)}'


@pytest.fixture(scope='session')
def fer2013() -> FaceData:
    """Give FER2013, or skip the test."""
    return read_fer2013(data_path('fer2013/fer2013.npz'))


@pytest.fixture(scope='session')
def made_up() -> Callable[..., FaceData]:
    """Give a function that makes pictures."""
    return make_up


def make_up(count: int, split: str = 'train', seed: int = 0) -> FaceData:
    """
    Make pictures whose brightness tells their label, in FER2013's form.

    :param count: of pictures.
    :param split: of all of them.
    :param seed: of the noise.
    :return: the pictures, with ten votes each for their label.
    """
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % len(FER2013_LABELS)
    noise = generator.integers(0, 30, (count, 48, 48))
    # Where FER+ has these labels among its columns.
    columns = np.array([4, 5, 6, 1, 3, 2, 0])[labels]
    votes = np.zeros((count, 10), np.uint8)
    votes[np.arange(count), columns] = 10
    return FaceData(
        images=(labels[:, None, None] * 30 + noise).astype(np.uint8),
        labels=labels.astype(np.int64),
        split=np.full(count, split),
        source=np.array([f'made_up/{index}' for index in range(count)]),
        label_names=FER2013_LABELS,
        votes=votes,
    )


# A recipe whose network trains in a second.
RECIPE = """
from training.architectures.residual import residual_network
from training.config import TrainingConfig


def build(heads, side):
    return residual_network(
        heads, side=side, stem=8, widths=(8, 16), blocks=(1, 1), dropout=0.2, name='{name}'
    )


CONFIG = TrainingConfig(
    name='{name}', build=build, side=16, epochs={epochs}, batch_size=8, warmup_epochs=0,
    average=0.9,
)
"""


@pytest.fixture(name='write_recipe')
def _write_recipe(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a recipe of a name, and gives its file."""

    def write(name: str, epochs: int = 1) -> Path:
        file = tmp_path / f'{name}.py'
        file.write_text(RECIPE.format(name=name, epochs=epochs))
        return file

    return write
