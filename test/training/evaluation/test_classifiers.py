from pathlib import Path

import keras
from keras import layers
import numpy as np
import pytest

from fer_ros.perception.models.bundle import BundleError
from training.evaluation.classifiers import classify
from training.evaluation.classifiers import load_classifier
from training.evaluation.classifiers import ModelOptions
from training.runs.files import run_of

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / 'models' / 'fer2013_mobile'


def network(count, activation, channels=1):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            layers.Input((24, 24, channels)),
            layers.Conv2D(4, 3, strides=3),
            layers.Flatten(),
            layers.Dense(count, activation=activation),
        ]
    )


def test_a_bare_keras_file_is_measured_as_it_says_itself(tmp_path, made_up):
    images = made_up(14).images
    model = network(7, 'softmax')
    model.save(tmp_path / 'bare.keras')

    found = classify(load_classifier(str(tmp_path / 'bare.keras')), images)

    small = np.stack([image.reshape(24, 2, 24, 2).mean(axis=(1, 3)) for image in images])
    expected = model.predict(small[..., None].round() / 255, verbose=0)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_logits_become_probabilities(tmp_path, made_up):
    network(8, None).save(tmp_path / 'bare.keras')

    classifier = load_classifier(str(tmp_path / 'bare.keras'))

    assert classifier.card.output == 'logits'
    assert classifier.card.labels[-1] == 'contempt'
    np.testing.assert_allclose(classify(classifier, made_up(7).images).sum(axis=1), 1)


def test_other_labels_and_colours_are_taken_as_told(tmp_path, made_up):
    network(3, 'softmax', channels=3).save(tmp_path / 'bare.keras')
    options = ModelOptions(labels=('happy', 'sad', 'neutral'), value_range=(-1.0, 1.0))

    classifier = load_classifier(str(tmp_path / 'bare.keras'), options)

    assert classifier.card.labels == ('happy', 'sad', 'neutral')
    assert classifier.card.input.colour == 'rgb'
    assert classify(classifier, made_up(7).images).shape == (7, 3)


def test_labels_that_nobody_knows_are_asked_for(tmp_path):
    network(3, 'softmax').save(tmp_path / 'bare.keras')

    with pytest.raises(
        BundleError, match='outputs 3 numbers per picture, but no labels are known'
    ):
        load_classifier(str(tmp_path / 'bare.keras'))


def test_the_keras_file_of_a_bundle_is_run_by_its_card(made_up):
    images = made_up(7).images

    whole = classify(load_classifier(str(BUNDLE)), images)
    keras_file = classify(load_classifier(str(BUNDLE / 'model.keras')), images)

    np.testing.assert_allclose(whole, keras_file, atol=1e-3)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(BundleError, match=r'gone\.keras does not exist'):
        load_classifier(str(tmp_path / 'gone.keras'))


def test_a_folder_with_a_checkpoint_is_a_run(tmp_path):
    assert run_of(str(tmp_path)) is None
    assert run_of('fer2013_mobile') is None

    (tmp_path / 'checkpoint.npz').touch()

    assert run_of(str(tmp_path)) == tmp_path
    assert run_of(str(tmp_path / 'checkpoint.npz')) == tmp_path
    assert run_of(str(tmp_path / 'gone.npz')) is None
