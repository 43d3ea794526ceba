from dataclasses import replace
from pathlib import Path
import shutil

import numpy as np
import pytest

from fer_ros.perception.models.model_files import sha256_of
from tiny_recipe import eagerly
from tiny_recipe import write_recipe
from training.bundles.provenance import origin_of
from training.data.cross_fitting import parts_of
from training.data.datasets import DataError
from training.evaluation.calibration import softmax
from training.evaluation.classifiers import classify
from training.evaluation.classifiers import load_classifier
from training.evaluation.validation import predict_logits
from training.learning.distillation import teach
from training.learning.loop import train
from training.recipes.heads import head_labels
from training.recipes.heads import label_targets
from training.recipes.library import load_recipe
from training.recipes.recipe import Recipe
from training.runs.files import BEST
from training.runs.origins import find_origins
from training.runs.run import load_run

MODELS = Path(__file__).resolve().parents[3] / 'models'


@pytest.fixture(name='taught_once', scope='module')
def _taught_once(tmp_path_factory, made_up) -> tuple[Recipe, Path]:
    """Train a recipe once for all tests."""
    folder = tmp_path_factory.mktemp('teacher')
    recipe = load_recipe(write_recipe(folder, 'first', epochs=2))
    with eagerly():
        train(recipe, made_up(40), made_up(14, 'public', seed=1), folder / 'first')
    return recipe, folder / 'first'


@pytest.fixture(name='teacher')
def _teacher(tmp_path, taught_once) -> tuple[Recipe, Path]:
    """Return a recipe and the folder of its run."""
    recipe, folder = taught_once
    return recipe, shutil.copytree(folder, tmp_path / 'runs' / 'first')


def test_a_teacher_has_its_share_of_each_target(teacher, made_up, capsys):
    recipe, folder = teacher
    data = made_up(10)
    data.votes[3] = 0
    targets = label_targets(data, recipe)

    taught = teach(targets, head_labels(recipe), [str(folder)], 0.25, data.images)

    assert capsys.readouterr().out.endswith(f'{folder} predicts 10 pictures\n')
    model = load_run(folder).model
    said = [
        softmax(predict_logits(model, images, recipe, 16)['fer2013'])
        for images in (data.images, data.images[:, :, ::-1])
    ]
    expected = 0.75 * targets['fer2013'] + 0.25 * np.mean(said, axis=0)
    np.testing.assert_allclose(taught['fer2013'], expected, atol=1e-5)
    # The fourth image has no votes, so the FER+ head learns nothing from it.
    sums = taught['ferplus'].sum(axis=1)
    np.testing.assert_allclose(sums, np.arange(10) != 3, atol=1e-5)


def test_a_teacher_of_other_labels_is_refused(teacher, made_up):
    recipe, folder = teacher
    data = made_up(10)

    with pytest.raises(
        DataError, match='has the labels angry, .*, but must have those of labels: a, b'
    ):
        teach({'labels': np.eye(10, 2)}, {'labels': ('a', 'b')}, [str(folder)], 0.5, data.images)
    with pytest.raises(ValueError, match='contains no checkpoint'):
        teach({}, head_labels(recipe), [str(folder.parent)], 0.5, data.images)


def test_a_bundle_teaches_the_head_whose_labels_it_has(teacher, made_up):
    recipe, _ = teacher
    data = made_up(6)
    bundles = [str(MODELS / 'fer2013_mobile'), str(MODELS / 'ferplus_mobile')]
    targets, labels = label_targets(data, recipe), head_labels(recipe)

    taught = teach(targets, labels, bundles, 1.0, data.images)

    for bundle, head in zip(bundles, ('fer2013', 'ferplus'), strict=True):
        expected = classify(load_classifier(bundle), data.images, mirrored=True)
        np.testing.assert_allclose(taught[head], expected, atol=1e-5)
    with pytest.raises(
        DataError, match='none of the teachers .* has the labels of the head ferplus'
    ):
        teach(targets, labels, bundles[:1], 0.5, data.images)
    with pytest.raises(
        DataError, match='the labels angry, .*, contempt, but must have those of fer2013'
    ):
        teach(targets, {'fer2013': labels['fer2013']}, bundles[1:], 0.5, data.images)


def test_one_that_held_pictures_back_teaches_these_alone(teacher, made_up, tmp_path, eager):
    recipe, _ = teacher
    data, validation = made_up(48), made_up(14, 'public', seed=1)
    folders = [tmp_path / f'part_{number}' for number in range(2)]
    for number, folder in enumerate(folders):
        train(replace(recipe, held_back=(number, 2)), data, validation, folder)
    targets, labels = label_targets(data, recipe), head_labels(recipe)

    taught = teach(targets, labels, [*map(str, folders)], 1.0, data.images)

    parts = parts_of(data.images, 2)
    for number, folder in enumerate(folders):
        assert load_run(folder).state['pictures'] == np.sum(parts != number)
        images = data.images[parts == number]
        model = load_run(folder).model
        said = [
            softmax(predict_logits(model, pictures, recipe, 16)['fer2013'])
            for pictures in (images, images[:, :, ::-1])
        ]
        found = taught['fer2013'][parts == number]
        np.testing.assert_allclose(found, np.mean(said, axis=0), atol=1e-5)
    untaught = np.sum(parts != 0)
    with pytest.raises(
        DataError, match=f'held back {untaught} of the 48 pictures; give one teacher for each'
    ):
        teach(targets, labels, [str(folders[0])], 1.0, data.images)
    pupil = replace(recipe, teachers=tuple(map(str, folders)))
    told = find_origins(pupil)['taught_by']
    assert [one['held_back'] for one in told] == ['1/2', '2/2']


def test_a_run_that_is_taught_learns_otherwise_and_says_by_whom(teacher, made_up, tmp_path, eager):
    recipe, folder = teacher
    training, validation = made_up(40), made_up(14, 'public', seed=1)
    pupil = replace(recipe, teachers=(str(folder),), teacher_share=1.0)

    train(pupil, training, validation, tmp_path / 'pupil', stop_after=1)
    train(pupil, training, validation, tmp_path / 'pupil', resume=True)

    run = load_run(tmp_path / 'pupil')
    assert run.recipe.teachers == (str(folder),)
    told = [
        {
            'recipe': 'first',
            'sha256': sha256_of(folder / BEST),
            'epochs': 2,
            'seed': 0,
            'begun_from': [],
        }
    ]
    assert origin_of(run)['taught_by'] == told
    # The run of the teacher may have been changed or deleted since then.
    (folder / BEST).write_bytes(b'other weights')
    assert origin_of(run)['taught_by'] == told
    with np.load(folder / 'checkpoint.npz') as alone, np.load(run.folder / 'checkpoint.npz') as it:
        names = [name for name in alone.files if name != 'state']
        assert any(not np.array_equal(alone[name], it[name]) for name in names)
