from pathlib import Path

import numpy as np
import pytest

from training.bundles.provenance import origin_of
from training.evaluation.comparison import command_of
from training.learning.loop import train
from training.recipes.library import load_recipe
from training.recipes.settings import recipe_sha256
from training.runs.run import load_run


@pytest.fixture(name='begun')
def _begun(tmp_path, made_up, write_recipe, eager):
    """Return the file of a recipe and the folder of its run."""
    file, folder = write_recipe('first', epochs=2), tmp_path / 'run'
    data = made_up(24), made_up(14, 'public', seed=1)
    train(load_recipe(file), *data, folder, stop_after=1)
    return file, folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_run_keeps_its_settings_when_its_recipe_is_edited(begun):
    file, folder = begun
    before = load_run(folder)
    digest = recipe_sha256(before.recipe)

    edit(file, 'average=0.9', 'average=0.5, learning_rate=0.01')

    run = load_run(folder)
    assert (run.recipe.average, run.recipe.learning_rate) == (0.9, 0.1)
    assert origin_of(run)['recipe_sha256'] == digest != recipe_sha256(load_recipe(file))
    for one, other in zip(run.model.get_weights(), before.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert command_of(before) == 'python -m training train first # learning_rate=0.1 average=0.9'


def test_an_edited_recipe_does_not_resume_its_run(begun, made_up):
    file, folder = begun
    data = made_up(24), made_up(14, 'public', seed=1)
    edit(file, 'average=0.9', 'average=0.9, learning_rate=0.01')

    with pytest.raises(ValueError, match='learning_rate was 0.1, but is now 0.01'):
        train(load_recipe(file), *data, folder, resume=True)

    edit(file, ', learning_rate=0.01', '')
    train(load_recipe(file), *data, folder, resume=True)
    assert load_run(folder).state['epoch'] == 2


def test_a_run_without_its_recipe_s_file_is_still_told_apart(begun):
    file, folder = begun
    run = load_run(folder)

    file.unlink()

    assert command_of(run).endswith('train first # recipe.json of the run has its settings')
    with pytest.raises(ValueError, match='contained the function build, which builds'):
        load_run(folder)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (None, 'contains no recipe.json, because an earlier version wrote this run'),
        ('{', 'recipe.json is not JSON'),
        ('[]', 'recipe.json does not contain the settings'),
    ],
)
def test_a_run_whose_settings_cannot_be_read_is_refused(begun, text, message):
    _, folder = begun
    (folder / 'recipe.json').unlink()
    if text is not None:
        (folder / 'recipe.json').write_text(text)

    with pytest.raises(ValueError, match=message):
        load_run(folder)
