"""The page of a bundle says what its card holds."""

from dataclasses import replace
from pathlib import Path

import pytest

from fer_ros.perception.models.bundle import load_card
from training.pages.card import card_page
from training.pages.card import EFFICIENTNET_LITE
from training.pages.card import MOBILENET

MODELS = Path(__file__).resolve().parents[3] / 'models'
FOLDERS = sorted(path.parent for path in MODELS.glob('*/card.yaml'))


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda folder: folder.name)
def test_the_page_of_a_bundle_is_made_of_its_card(folder):
    page = (folder / 'README.md').read_text(encoding='utf-8')

    assert page == card_page(load_card(folder)), f'say: python -m training card {folder.name}'


@pytest.mark.parametrize(
    ('name', 'of_imagenet'), [('mobilenet.npz', True), ('model.keras', False)]
)
def test_a_page_names_imagenet_where_the_weights_are_of_it(name, of_imagenet):
    card = load_card(MODELS / 'fer2013_mobile')

    page = card_page(replace(card, training={**card.training, 'begun_from': [{'name': name}]}))

    assert f'`{name}`' in page
    assert ('ImageNet' in page) == of_imagenet


def test_a_page_has_the_licence_of_the_weights_at_the_start_of_a_history():
    card = load_card(MODELS / 'fer2013_mobile')
    history = {'recipe': 'fer_lite', 'begun_from': [{'name': 'efficientnet_lite0.npz'}]}
    begun = [{'name': 'models/lite/model.keras', 'training': history}]

    page = card_page(replace(card, training={**card.training, 'begun_from': begun}))

    assert EFFICIENTNET_LITE.licence in page
    assert MOBILENET.licence not in page


def test_a_page_of_a_mean_tells_its_runs_and_where_its_weights_are_from():
    card = load_card(MODELS / 'fer2013_mobile')
    history = {
        'recipe': 'first',
        'begun_from': [{'name': 'mobilenet.npz', 'sha256': 'abc'}],
        'taught_by': [{'recipe': 'zeroth', 'sha256': 'def'}],
    }
    training = {
        'recipe': 'second',
        'data': 'pictures',
        'begun_from': [
            {'name': 'models/a/model.keras', 'sha256': '1', 'training': history},
            {'name': 'models/b/model.keras', 'sha256': '2', 'training': history},
        ],
        'taught_by': [{'bundle': 'models/a', 'sha256': '3'}],
        'seed': [0, 5],
        'epochs': 12,
        'averaged': [
            {'seed': 0, 'chosen_epoch': 11, 'validation': {'fer2013': 0.701, 'ferplus': 0.874}},
            {'seed': 5, 'chosen_epoch': 12, 'validation': {'fer2013': 0.704, 'ferplus': 0.871}},
        ],
        'engine': 'Keras on torch',
        'parameters': 7,
    }
    seeds = {'accuracy': [0.706, 0.71], 'mean': 0.708, 'deviation': 0.0028}
    metrics = {**card.metrics, 'fer2013_seeds': seeds}

    page = card_page(replace(card, training=training, metrics=metrics))

    for line in (
        'python -m training train second --seed 5 --output runs/second_5',
        'python -m training average runs/second_0 runs/second_5 --output runs/second',
        'python -m training export second --head fer2013 --output models/fer2013_mobile',
        'The network was initialised with the weights in `models/b/model.keras` (SHA-256 2), '
        'of the recipe `first`.',
        'That network was initialised with the weights in `mobilenet.npz` (SHA-256 abc): '
        f'{MOBILENET.description}.',
        'Seed 5: epoch 12 was selected, with an accuracy of 70.4 % (fer2013) and 87.1 % (ferplus) '
        'on PublicTest.',
    ):
        assert line in page.splitlines(), line
    assert page.count('That network was initialised') == 1
    assert 'have the accuracies 70.6 %, 71.0 % on PrivateTest.\nTheir mean is 70.8 %' in page
    assert 'deviation of 0.3 points' in page
    assert "torchvision's weights are under the BSD-3-Clause licence" in page
    assert 'one seed' not in page


def test_a_page_says_who_taught_the_network():
    # Of one run, and not of the mean of several.
    card = load_card(MODELS / 'ferplus_mobile')
    training = {
        **card.training,
        'seed': 1,
        'begun_from': [{'name': 'mobilenet_v2.npz'}],
        'taught_by': [{'recipe': 'first', 'sha256': 'abc'}],
    }

    page = card_page(replace(card, training=training))
    training['begun_from'] = [{'name': 'models/fer2013_mobile/model.keras'}]
    of_another = card_page(replace(card, training=training))
    training['taught_by'] = [{'bundle': 'models/fer2013_mobile', 'sha256': 'abc'}]
    of_a_bundle = card_page(replace(card, training=training))

    assert 'python -m training train first --weights mobilenet_v2.npz\n' in page
    assert ' --weights mobilenet_v2.npz --teachers runs/first --seed 1\n' in page
    assert 'from the predictions of a network of `first`' in page
    # Its recipe names what ships, and what is no photograph of ImageNet's is not for the teacher.
    assert 'python -m training train first\n' in of_another
    assert '--weights' not in of_another
    assert '--teachers' not in of_a_bundle
    assert 'from the predictions of the bundle `models/fer2013_mobile`' in of_a_bundle


def test_a_page_says_what_was_held_back_from_whom():
    card = load_card(MODELS / 'ferplus_mobile')
    begun = [{'name': 'mobilenet_v2.npz', 'sha256': 'abc'}]
    training = {
        **card.training,
        'seed': 1,
        'recipe': 'second',
        'begun_from': [{'name': 'efficientnet_lite0.npz', 'sha256': 'def'}],
        'taught_by': [
            {
                'recipe': 'first',
                'sha256': f'{number}',
                'epochs': 12,
                'seed': 0,
                'begun_from': begun,
                'held_back': f'{number}/2',
            }
            for number in (1, 2)
        ],
    }

    page = card_page(replace(card, training=training))

    made = 'python -m training train first --weights mobilenet_v2.npz --epochs 12 --seed 0'
    for line in (
        f'{made} --hold-back 1/2 --output runs/first_part_1',
        f'{made} --hold-back 2/2 --output runs/first_part_2',
        'python -m training train second --weights efficientnet_lite0.npz --teachers '
        'runs/first_part_1 runs/first_part_2 --seed 1',
        'The network also learned from the predictions of 2 networks of `first` on these '
        'pictures; each network predicted only the part that it was not trained on '
        '(SHA-256 of their weights 1, 2).',
        'The network was initialised with the weights in `efficientnet_lite0.npz` '
        "(SHA-256 def): EfficientNet-lite as its authors trained it on ImageNet's photographs, "
        "in PyTorch's form.",
    ):
        assert line in page.splitlines(), line
    assert "EfficientNet-lite's weights are under the Apache License 2.0" in page
    assert 'torchvision' not in page
