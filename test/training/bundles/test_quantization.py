from dataclasses import replace

import keras
from keras import layers
import numpy as np
import pytest

from fer_ros.perception.backends import create_backend
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import load_card
from training.bundles.card_figures import card_text
from training.bundles.export import write_forms
from training.bundles.quantization import QuantizationError
from training.bundles.quantization import quantize_bundle
from training.bundles.quantization import write_quantized
from training.evaluation.classifiers import classify


@pytest.fixture(scope='module')
def data(made_up):
    both = made_up(140)
    return replace(both, split=np.array(['train', 'public'])[np.arange(140) // 70])


@pytest.fixture(scope='module')
def card(tmp_path_factory, data):
    """Create a bundle of a network that was trained on the synthetic images."""
    folder = tmp_path_factory.mktemp('models') / 'small'
    folder.mkdir()
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            layers.Input((48, 48, 1)),
            layers.Conv2D(16, 3, strides=2, activation='relu'),
            layers.Conv2D(32, 3, strides=2, activation='relu'),
            layers.GlobalAveragePooling2D(),
            layers.Dense(32, activation='relu'),
            layers.Dense(7),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(data.images[..., None] / np.float32(255), data.labels, epochs=60, verbose=0)
    written = {
        'name': 'small',
        'labels': list(data.label_names),
        'input': {
            'height': 48,
            'width': 48,
            'channels': 1,
            'colour': 'gray',
            'value_range': [0.0, 1.0],
        },
        'crop': {'left_eye': [0.69, 0.39], 'right_eye': [0.31, 0.39]},
        'output': 'logits',
        'temperature': 0.8,
        'files': write_forms(model, folder),
        'training': {'seed': 0},
        'metrics': {'older': {'accuracy': 0.5}},
        'licence': 'Apache-2.0',
    }
    (folder / 'card.yaml').write_text(card_text(written))
    return load_card(folder)


@pytest.mark.parametrize('precision', ['float16', 'int8'])
def test_a_smaller_bundle_says_the_same_by_the_node_s_own_classifier(
    tmp_path, card, data, precision
):
    made = quantize_bundle(card, precision, tmp_path / 'smaller', data)

    smaller = load_card(tmp_path / 'smaller')
    scores = [
        classify(Classifier(found, create_backend('litert', found)), data.images)
        for found in (card, smaller)
    ]
    assert (scores[0].argmax(axis=1) == scores[1].argmax(axis=1)).mean() > 0.97
    assert smaller.file('tflite').stat().st_size < card.file('tflite').stat().st_size
    assert smaller.training['quantization'] == made
    assert made['public_accuracy_float32'] > 0.9
    assert smaller.metrics == {}


def test_a_smaller_bundle_has_no_form_that_says_something_else(tmp_path, card, data):
    quantize_bundle(card, 'float16', tmp_path / 'smaller', data)

    with pytest.raises(BundleError, match='has no onnx file; it has only: tflite'):
        create_backend('opencv', load_card(tmp_path / 'smaller'))


def test_what_loses_too_much_is_refused_unless_forced(tmp_path, card, data, monkeypatch):
    monkeypatch.setattr('training.bundles.quantization.MOST_LOSS', -1.0)

    with pytest.raises(QuantizationError, match='write the bundle anyway with --force'):
        quantize_bundle(card, 'float16', tmp_path / 'smaller', data)
    assert not (tmp_path / 'smaller').exists()

    quantize_bundle(card, 'float16', tmp_path / 'smaller', data, force=True)
    assert (tmp_path / 'smaller' / 'card.yaml').exists()


def test_the_bundle_in_float32_is_not_written_over(card, data):
    with pytest.raises(QuantizationError, match='set another --output'):
        quantize_bundle(card, 'int8', card.folder, data)


def test_a_precision_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(QuantizationError, match="no precision 'int4'"):
        write_quantized(None, tmp_path / 'x', 'int4', np.zeros((1, 48, 48, 1), np.float32))
