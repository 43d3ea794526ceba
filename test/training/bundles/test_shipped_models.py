"""Test the statements in the cards of the shipped bundles."""

from dataclasses import replace
from functools import cache
from pathlib import Path
import zipfile

import cv2
import numpy as np
import pytest

from fer_ros.perception.backends import create_backend
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import LEAST_PROBABILITY
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings
from photographs import data_path
from training.bundles.measuring import recall_of_data_labels
from training.data.datasets import FER2013_IMAGES_SHA256
from training.data.datasets import PRIVATE
from training.data.datasets import PUBLIC
from training.data.reading.forms import read_data
from training.evaluation.calibration import fit_temperature
from training.evaluation.calibration import Logits
from training.evaluation.calibration import PLAIN
from training.evaluation.classifiers import classify
from training.evaluation.degradations import degraded_in_turn
from training.evaluation.report import figures
from training.evaluation.scores import score

ROOT = Path(__file__).resolve().parents[3]
MOST_PARAMETERS = {
    'fer2013_mobile': 2_500_000,
    'ferplus_mobile': 2_500_000,
    'fer2013_tiny': 300_000,
    'ferplus_tiny': 300_000,
}
FOLDERS = [ROOT / 'models' / name for name in MOST_PARAMETERS]

LARGEST_FILE = 10 * 2**20

pytestmark = pytest.mark.parametrize('folder', FOLDERS, ids=lambda folder: folder.name)


def test_every_bundle_is_tested(folder):
    assert folder in FOLDERS
    assert {path.parent for path in (ROOT / 'models').glob('*/card.yaml')} == set(FOLDERS)


def test_a_bundle_has_all_forms_each_small_enough_for_git(folder):
    card = load_card(folder)

    assert set(card.kinds) == {'keras', 'tflite', 'onnx'}
    assert all(card.file(kind).stat().st_size < LARGEST_FILE for kind in card.kinds)


def test_a_card_tells_how_the_network_was_made(folder):
    card = load_card(folder)

    assert card.training['data_sha256'] == FER2013_IMAGES_SHA256
    assert card.training['parameters'] < MOST_PARAMETERS[folder.name]
    assert card.crop == FER2013_CROP
    assert card.licence == 'Apache-2.0'
    assert 'third parties' in card.terms


def test_a_card_has_the_hash_of_the_settings_of_its_recipe(folder):
    pytest.importorskip('keras')
    from training.recipes.library import load_recipe
    from training.recipes.settings import recipe_sha256

    made = load_card(folder).training
    histories = [made, *(one['training'] for one in made['begun_from'] if 'training' in one)]

    for history in histories:
        recipe = replace(load_recipe(Path(history['recipe'])), epochs=history['epochs'])
        assert history['recipe_sha256'] == recipe_sha256(recipe)


def test_a_bundle_is_as_good_on_the_sample_as_on_everything(folder, tmp_path):
    """280 images show a regression if the whole data set is not available."""
    pytest.importorskip('ai_edge_litert')
    card = load_card(folder)
    with zipfile.ZipFile(data_path('fer2013/sample.zip')) as archive:
        archive.extractall(tmp_path)
    sample = read_data(tmp_path / 'sample').of_split(PRIVATE)
    (stated,) = (figures for name, figures in card.metrics.items() if name.endswith('_private'))

    found = recall_of_data_labels(score(Classifier(card, create_backend('litert', card)), sample))

    # Sampling error of the mean recall with 20 images per label.
    expected = np.array([stated['recall_of_data_labels'][name] for name in found])
    error = np.sqrt((expected * (1 - expected) / 20).sum()) / len(expected)
    assert len(found) == 7
    assert np.mean(list(found.values())) > expected.mean() - 4 * error


@pytest.fixture(scope='module')
def on_public(fer2013):
    """Give a function that runs a bundle on PublicTest, once for all tests."""
    public = fer2013.of_split(PUBLIC)

    @cache
    def run(folder):
        card = load_card(folder)
        classifier = Classifier(card, create_backend('litert', card))
        return classifier, score(classifier, public)

    return run


def test_a_bundle_is_as_good_as_its_card_says(folder, on_public):
    pytest.importorskip('ai_edge_litert')
    card = load_card(folder)
    (stated,) = (figures for name, figures in card.metrics.items() if name.endswith('_public'))

    _, scores = on_public(folder)
    found = figures(scores)

    # Another processor may round differently where two labels are equally likely.
    assert found['accuracy'] == pytest.approx(stated['accuracy'], abs=0.002)
    assert found['ece'] == pytest.approx(stated['ece'], abs=0.003)


def test_the_temperature_of_a_card_is_that_which_fits_its_network_best(folder, on_public):
    pytest.importorskip('ai_edge_litert')
    classifier, scores = on_public(folder)
    card = classifier.card
    calibrated_on = card.training.get('calibrated_on', PLAIN)
    kept = scores.truth >= 0
    said = degraded = scores.probabilities
    if calibrated_on != PLAIN:
        degraded = classify(classifier, degraded_in_turn(scores.data.images))

    logits = (
        np.log(np.maximum(one[kept], LEAST_PROBABILITY)) * card.temperature
        for one in (said, degraded)
    )
    fitted = fit_temperature(*Logits(*logits, scores.truth[kept]).of(calibrated_on))

    assert round(fitted, 4) == pytest.approx(card.temperature, abs=1e-4)


def test_opencv_says_the_same_of_real_faces(folder, fer2013):
    pytest.importorskip('ai_edge_litert')
    card = load_card(folder)
    crops = list(fer2013.of_split(PUBLIC).images[::100])

    scores = [
        Classifier(card, create_backend(name, card)).classify(crops)
        for name in ('litert', 'opencv')
    ]

    np.testing.assert_allclose(scores[0], scores[1], atol=1e-3)


def test_the_astronaut_smiles_to_every_bundle(folder):
    skimage = pytest.importorskip('skimage')
    image = cv2.imread(str(Path(skimage.__file__).parent / 'data' / 'astronaut.png'))
    card = load_card(folder)
    try:
        detector = create_detector('auto')
    except DetectorError as error:
        pytest.skip(str(error))

    pipeline = Pipeline(detector, Classifier(card, create_backend('opencv', card)))
    (face,) = pipeline.process(image, 0.0, Settings()).faces

    assert face.emotion == 'happy'
