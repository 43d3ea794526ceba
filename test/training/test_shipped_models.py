"""The bundles that ship: what their cards say is so."""

from pathlib import Path
import re

import numpy as np
import pytest

from fer_ros.perception.alignment import FER2013_CROP
from fer_ros.perception.backends import create_backend
from fer_ros.perception.bundle import load_card
from fer_ros.perception.classification import Classifier
from training.config import config_sha256
from training.datasets import FER2013_IMAGES_SHA256
from training.datasets import PUBLIC
from training.evaluate import evaluate

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [ROOT / 'models' / name for name in ('fer2013_small', 'ferplus_small')]

LARGEST_FILE = 10 * 2**20
MOST_PARAMETERS = 2_500_000

pytestmark = pytest.mark.parametrize('folder', FOLDERS, ids=lambda folder: folder.name)


def test_a_bundle_has_all_forms_each_small_enough_for_git(folder):
    card = load_card(folder)

    assert set(card.kinds) == {'keras', 'tflite', 'onnx'}
    assert all(card.file(kind).stat().st_size < LARGEST_FILE for kind in card.kinds)


def test_a_card_tells_how_the_network_was_made(folder):
    card = load_card(folder)

    assert card.training['config_sha256'] == config_sha256(ROOT / card.training['config'])
    assert card.training['data_sha256'] == FER2013_IMAGES_SHA256
    assert card.training['parameters'] < MOST_PARAMETERS
    assert card.crop == FER2013_CROP
    assert card.licence == 'Apache-2.0'
    assert 'third parties' in card.terms


def test_the_model_card_states_the_figures_of_the_card(folder):
    card = load_card(folder)
    page = (folder / 'README.md').read_text(encoding='utf-8')
    table = dict(re.findall(r'^\| ([^|]+?) \| ([^|]+?) \|', page, re.MULTILINE))

    (private,) = (figures for name, figures in card.metrics.items() if name.endswith('_private'))
    assert table['accuracy on PrivateTest'].startswith(f'{100 * private["accuracy"]:.1f} %')
    assert table['its macro-F1'] == f'{private["macro_f1"]:.3f}'
    assert table['its expected calibration error'] == f'{private["ece"]:.3f}'


def test_a_bundle_is_as_good_as_its_card_says(folder, fer2013):
    pytest.importorskip('ai_edge_litert')
    card = load_card(folder)
    (stated,) = (figures for name, figures in card.metrics.items() if name.endswith('_public'))

    found = evaluate(Classifier(card, create_backend('litert', card)), fer2013.of_split(PUBLIC))

    # Another processor may round another way where two labels are equally likely.
    assert found['accuracy'] == pytest.approx(stated['accuracy'], abs=0.002)
    assert found['ece'] == pytest.approx(stated['ece'], abs=0.003)


def test_opencv_says_the_same_of_real_faces(folder, fer2013):
    pytest.importorskip('ai_edge_litert')
    card = load_card(folder)
    crops = list(fer2013.of_split(PUBLIC).images[::100])

    scores = [
        Classifier(card, create_backend(name, card)).classify(crops)
        for name in ('litert', 'opencv')
    ]

    np.testing.assert_allclose(scores[0], scores[1], atol=1e-3)
