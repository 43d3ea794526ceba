from dataclasses import replace

import numpy as np
import pytest

from training.data.augmentation import NO_AUGMENTATION
from training.data.datasets import DataError
from training.evaluation.validation import as_measured
from training.learning.batches import EpochBatches
from training.learning.batches import steps_of
from training.learning.distribution import Share
from training.learning.loop import resolve
from training.learning.loop import train
from training.learning.optimization import ends_early
from training.learning.optimization import initial_watch
from training.learning.optimization import watch
from training.recipes.as_published import published
from training.recipes.building import build_model
from training.recipes.building import remove_whitening
from training.recipes.building import WHITENING
from training.runs.run import load_run

PUBLISHED = published('csce633_fnn1', epochs=2, batch_size=4)


@pytest.mark.parametrize(('keep_last', 'sizes'), [(True, [4, 4, 2]), (False, [4, 4])])
def test_the_incomplete_last_batch_is_kept_if_the_recipe_says_so(made_up, keep_last, sizes):
    data = made_up(10)
    targets = {'labels': np.eye(len(data.label_names), dtype=np.float32)[data.labels]}

    batches = EpochBatches(data, targets, replace(PUBLISHED, keep_last=keep_last), 0)

    assert [len(batches[index][0]) for index in range(len(batches))] == sizes


def test_full_batches_need_no_further_one():
    assert steps_of(8, 4, keep_last=True) == 2
    with pytest.raises(DataError, match='3 pictures are fewer than a batch of 4'):
        steps_of(3, 4, keep_last=True)


def test_an_incomplete_batch_is_not_divided_among_devices():
    share = Share(0, 2, 2)

    share.check(4)
    with pytest.raises(ValueError, match='incomplete last batch cannot be divided among 2'):
        share.check(4, keep_last=True)


def test_the_loss_stops_the_run_while_the_accuracy_chooses_the_epoch():
    recipe = replace(PUBLISHED, early_stopping=2, stopping_monitor='loss', min_delta=0.1)
    state = initial_watch(recipe)
    chosen, ended = [], []

    # The loss improves by less than min_delta from the second epoch on.
    for accuracy, loss in ((0.3, 2.0), (0.4, 1.95), (0.5, 1.91)):
        state, best = watch(state, accuracy, recipe, stopping=-loss)
        chosen.append(best)
        ended.append(ends_early(state, recipe))

    assert chosen == [True, True, True]
    assert ended == [False, False, True]


def test_a_checkpoint_of_an_earlier_version_stops_by_its_only_score():
    old = {'score': 0.5, 'since_better': 1, 'learning_rate': 0.1, 'waited': 1}

    worse, _ = watch(old, 0.4, replace(PUBLISHED, early_stopping=2))
    better, _ = watch(old, 0.6, PUBLISHED)

    assert (worse['since_better'], better['since_better']) == (2, 0)


def test_pictures_without_a_face_are_left_out_only_if_the_recipe_says_so(made_up):
    data = made_up(6)
    votes = np.zeros((6, 10), np.uint8)
    votes[:, 0] = 10
    votes[2] = 0
    votes[2, 9] = 10
    data = replace(data, votes=votes)

    kept, _ = resolve(PUBLISHED, data)
    faces, _ = resolve(replace(PUBLISHED, faces_only=True), data)

    assert (len(kept), len(faces)) == (6, 5)


def test_validation_pictures_are_augmented_only_if_the_recipe_says_so(made_up):
    data = made_up(4)
    turned = replace(
        PUBLISHED, augment_validation=True, augmentation=replace(NO_AUGMENTATION, rotation_deg=60)
    )

    assert as_measured(data, PUBLISHED, 0) is data
    first, again, second = (as_measured(data, turned, epoch).images for epoch in (0, 0, 1))
    assert (first == again).all()
    assert (first != second).any()
    assert (first != data.images).any()


def test_the_last_epoch_is_kept_though_an_earlier_one_was_better(tmp_path, made_up, eager):
    # The learning rate breaks the network, so the first epoch is not worse than the last.
    recipe = replace(PUBLISHED, learning_rate=10.0)
    data = made_up(10), made_up(7, 'public', seed=1)

    train(recipe, *data, tmp_path)

    run = load_run(tmp_path)
    assert run.state['best_epoch'] == 2


def test_a_network_without_its_whitening_gets_the_pictures_as_they_are():
    recipe = replace(PUBLISHED, whitening=True, whitening_in_training_only=True)
    model = build_model(recipe, {'labels': ('a', 'b')})

    remove_whitening(model)

    flat = np.random.default_rng(0).random((2, 2304), np.float32)
    assert np.allclose(model.get_layer(WHITENING)(flat), flat)
    with pytest.raises(ValueError, match='needs whitening, but whitening is False'):
        replace(recipe, whitening=False)


def test_the_device_refuses_what_only_the_cpu_does():
    pytest.importorskip('jax')
    from training.learning.on_device.loop import check_recipe

    check_recipe(replace(PUBLISHED, keep_last=False, chosen_epoch='last', min_delta=0.1))
    with pytest.raises(ValueError, match='does not support keep_last, augmentation.vertical_flip'):
        check_recipe(replace(PUBLISHED, augmentation=replace(NO_AUGMENTATION, vertical_flip=True)))


@pytest.mark.parametrize('weights', ['mobile.npz', 'mobile.h5'])
def test_a_backbone_gets_the_values_of_the_source(weights):
    recipe = published('csce633_ft2', colour='rgb')
    scaled, given = (
        replace(recipe.build, scaled=scaled).with_weights(weights, load=False)
        for scaled in (True, False)
    )

    names = [
        [layer.name.rstrip('_0123456789') for layer in build({'labels': 7}, None).layers]
        for build in (scaled, given)
    ]

    assert [sum('rescaling' in name for name in found) for found in names] == [1, 0]
