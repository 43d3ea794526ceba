"""Test teachers that are evaluated on each batch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_ros.perception.crops.preprocessing import to_network_input
from tiny_recipe import eagerly
from tiny_recipe import write_recipe
from training.data.augmentation import resize
from training.data.datasets import DataError
from training.evaluation.calibration import softmax
from training.evaluation.classifiers import classify
from training.evaluation.classifiers import load_classifier
from training.evaluation.validation import predict_logits
from training.learning.batches import EpochBatches
from training.learning.loop import load_teachers
from training.learning.loop import train
from training.learning.targets import prepare_targets
from training.learning.teachers import Teachers
from training.learning.workers import batches_by
from training.recipes.heads import head_labels
from training.recipes.heads import input_spec
from training.recipes.heads import label_targets
from training.recipes.library import load_recipe
from training.runs.run import load_run

MODELS = Path(__file__).resolve().parents[3] / 'models'


@pytest.fixture(name='taught', scope='module')
def _taught(tmp_path_factory, made_up):
    """Return a recipe whose teacher is a run of the same network."""
    folder = tmp_path_factory.mktemp('teacher')
    recipe = replace(load_recipe(write_recipe(folder, 'first', epochs=1)), sides=())
    folder /= 'first'
    with eagerly():
        train(recipe, made_up(40), made_up(14, 'public', seed=1), folder)
    return replace(recipe, teachers=(str(folder),), consistent=True, teacher_share=0.25)


def test_a_teacher_is_asked_about_the_mixed_and_changed_pictures(taught, made_up):
    data = made_up(16)
    data.votes[3] = 0
    teachers = load_teachers(taught, data)
    targets = prepare_targets(data, taught)
    # A teacher that is evaluated on each batch does not affect the targets computed in advance.
    np.testing.assert_array_equal(targets['fer2013'], label_targets(data, taught)['fer2013'])

    inputs, found = EpochBatches(data, targets, taught, 0, teachers=teachers)[0]
    plain, labels = EpochBatches(data, targets, taught, 0)[0]

    np.testing.assert_array_equal(inputs, plain)
    model = load_run(Path(taught.teachers[0])).model
    for head, rows in labels.items():
        said = softmax(model.predict(inputs, verbose=0)[head])
        expected = 0.75 * rows + 0.25 * rows.sum(axis=1, keepdims=True) * said
        np.testing.assert_allclose(found[head], expected, atol=1e-5)


def test_what_nobody_could_tell_is_not_taught(taught, made_up):
    teachers = load_teachers(taught, made_up(8))
    rows = {head: np.zeros((2, len(names))) for head, names in head_labels(taught).items()}
    told = {head: np.full_like(zeros, 0.1) for head, zeros in rows.items()}

    mixed = teachers.mixed(rows, told)

    assert not any(values.any() for values in mixed.values())


def test_a_bundle_says_what_the_node_publishes(taught, made_up):
    data = made_up(6)
    bundles = (str(MODELS / 'fer2013_mobile'), str(MODELS / 'ferplus_mobile'))
    # A value range that differs from the range of the bundles.
    recipe = replace(taught, teachers=bundles, side=48, value_range=(0.0, 1.0))
    inputs = to_network_input(_enlarged(data.images), input_spec(recipe))

    told = Teachers(recipe, head_labels(recipe)).ask(inputs)

    for bundle, head in zip(bundles, ('fer2013', 'ferplus'), strict=True):
        expected = classify(load_classifier(bundle), _enlarged(data.images))
        np.testing.assert_allclose(told[head], expected, atol=1e-4)


def _enlarged(images):
    return np.repeat(np.repeat(images, 3, axis=1), 3, axis=2)[:, :48, :48]


def test_a_teacher_of_another_side_sees_pictures_of_its_own(taught, made_up):
    data = made_up(4)
    recipe = replace(taught, side=32)
    inputs = to_network_input(_enlarged(data.images)[:, :32, :32], input_spec(recipe))

    told = Teachers(recipe, head_labels(recipe)).ask(inputs)

    assert told['ferplus'].shape == (4, 8)


def test_what_cannot_teach_is_refused(taught, made_up, tmp_path, eager):
    data = made_up(40)
    bundle = replace(taught, teachers=(str(MODELS / 'fer2013_mobile'),))
    with pytest.raises(
        DataError, match='none of the teachers .* has the labels of the head ferplus'
    ):
        load_teachers(bundle, data)
    with pytest.raises(ValueError, match='contains no checkpoint'):
        load_teachers(replace(taught, teachers=(str(tmp_path),)), data)
    first = replace(taught, teachers=(), consistent=False, held_back=(0, 2))
    train(first, data, made_up(14, 'public', seed=1), tmp_path / 'part')
    with pytest.raises(ValueError, match='held back a part of the pictures .* omit --consistent'):
        load_teachers(replace(taught, teachers=(str(tmp_path / 'part'),)), data)


def test_without_teachers_a_network_learns_from_the_labels_alone(taught, made_up):
    assert load_teachers(replace(taught, teachers=()), made_up(8)) is None


def test_processes_cannot_ask(taught, made_up):
    data = made_up(16)
    teachers = load_teachers(taught, data)
    targets = prepare_targets(data, taught)

    with (
        pytest.raises(ValueError, match='created by 2 worker processes; omit --workers'),
        batches_by(2, data, targets, taught, teachers=teachers),
    ):
        pass
    with batches_by(0, data, targets, taught, teachers=teachers) as batches_of:
        _, found = batches_of(0)[0]
    _, expected = EpochBatches(data, targets, taught, 0, teachers=teachers)[0]
    np.testing.assert_allclose(found['fer2013'], expected['fer2013'], atol=1e-6)


def test_the_logits_of_a_teacher_are_those_of_its_run(taught, made_up):
    data = made_up(5)
    run = load_run(Path(taught.teachers[0]))
    inputs = to_network_input(resize(data.images, 16), input_spec(taught))

    told = load_teachers(taught, data).ask(inputs)

    expected = softmax(predict_logits(run.model, data.images, run.recipe, 16)['fer2013'])
    np.testing.assert_allclose(told['fer2013'], expected, atol=1e-5)
