"""Fixtures with small synthetic images, and with the real images if available."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
import importlib.util
from pathlib import Path

import pytest

from made_up_faces import make_up
from photographs import data_path
from training.data.datasets import FaceData
from training.data.datasets import read_fer2013

# On a robot, these packages are missing. The tests of reading, augmentation and statistics work
# without them.
NEEDED_BY = {
    'keras': [
        'learning/test_averaging.py',
        'learning/test_loop.py',
        'learning/test_source_settings.py',
        'networks/test_lite.py',
        'networks/test_mobile.py',
        'learning/test_batches.py',
        'learning/test_progress.py',
        'learning/on_device/test_trainer.py',
        'learning/test_targets.py',
        'learning/test_teachers.py',
        'learning/test_workers.py',
        'bundles/foreign/test_import.py',
        'bundles/test_export.py',
        'bundles/test_further_forms.py',
        'commands/test_models.py',
        'commands/test_recipes.py',
        'recipes/test_building.py',
        'learning/test_optimization.py',
        'recipes/test_recipes.py',
        'recipes/test_settings.py',
        'runs/test_checkpoints.py',
        'runs/test_run.py',
        'evaluation/test_classifiers.py',
        'bundles/test_quantization.py',
        'commands/test_compare.py',
        'learning/test_distillation.py',
        'learning/test_distribution.py',
        'learning/search/test_study.py',
    ],
    'jinja2': [
        'commands/test_compare.py',
        'commands/test_inspect.py',
        'pages/test_card.py',
        'pages/test_comparison.py',
        'pages/test_evaluation.py',
        'pages/test_inspection.py',
        'pages/test_rendering.py',
    ],
    'matplotlib': [
        'commands/test_inspect.py',
        'pages/test_evaluation.py',
        'pages/test_inspection.py',
    ],
    'optuna': ['learning/search/test_study.py'],
}
MISSING = [name for name in NEEDED_BY if importlib.util.find_spec(name) is None]
collect_ignore = [test for name in MISSING for test in NEEDED_BY[name]]


def pytest_report_header() -> str | None:
    """Return a line with the skipped tests and the reason."""
    if not MISSING:
        return None
    return f'left out, as {" and ".join(MISSING)} is not installed: {", ".join(collect_ignore)}'


@pytest.fixture(scope='session')
def fer2013() -> FaceData:
    """Return FER2013, or skip the test."""
    return read_fer2013(data_path('fer2013/fer2013.npz'))


@pytest.fixture(scope='session')
def made_up() -> Callable[..., FaceData]:
    """Return a function that creates synthetic images."""
    return make_up


@pytest.fixture
def eager() -> Iterator[None]:
    """Train without tracing the steps; see `eagerly`."""
    from tiny_recipe import eagerly

    with eagerly():
        yield


@pytest.fixture(name='write_recipe')
def _write_recipe(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a recipe with a given name, and returns its file."""
    from tiny_recipe import write_recipe

    return partial(write_recipe, tmp_path)
