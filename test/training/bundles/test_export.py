import contextlib
from dataclasses import replace
import hashlib
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

from fer_ros.perception.backends import create_backend
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.models.bundle import load_card
from training.bundles.export import check_parity
from training.bundles.export import export
from training.bundles.export import ExportError
from training.bundles.export import single_head
from training.bundles.export import write_forms
from training.bundles.provenance import origin_of
from training.bundles.provenance import terms_of
from training.data.datasets import FER2013_IMAGES_SHA256
from training.evaluation.calibration import CALIBRATED_ON
from training.evaluation.calibration import calibration_images
from training.evaluation.calibration import fit_temperature
from training.evaluation.calibration import MIXED
from training.evaluation.calibration import PLAIN
from training.evaluation.validation import head_truth
from training.evaluation.validation import predict_logits
from training.networks.residual import residual_network
from training.recipes.building import build_model
from training.recipes.heads import HEAD_LABELS
from training.recipes.library import load_recipe
from training.recipes.recipe import Recipe
from training.runs.run import Run


def tiny(heads, side):
    return residual_network(
        heads, side=side, stem=8, widths=(8, 16), blocks=(1, 1), dropout=0.2, name='tiny'
    )


TINY = Recipe(name='tiny', build=tiny, side=48)


class Fixed:
    """A back end that returns the same output for any input."""

    def __init__(self, output):
        self._output = np.float32(output)

    def run(self, batch):
        return self._output


@pytest.fixture(scope='module')
def model():
    built = build_model(TINY)
    generator = np.random.default_rng(0)
    # Random weights as after training, so that no normalisation layer is the identity.
    built.set_weights(
        [
            np.abs(generator.normal(1, 0.2, value.shape)) if value.ndim == 1 else value
            for value in built.get_weights()
        ]
    )
    return built


@pytest.fixture(scope='module', params=['fer2013', 'ferplus'])
def bundle(request, tmp_path_factory, model, made_up):
    folder = tmp_path_factory.mktemp('models') / f'{request.param}_tiny'
    export(
        TINY,
        model,
        HEAD_LABELS[request.param],
        request.param,
        folder,
        made_up(70, 'public'),
        {'seed': 0},
    )
    return folder


def test_a_bundle_can_be_read_and_run_by_every_back_end(bundle):
    card = load_card(bundle)
    crops = list(np.random.default_rng(1).integers(0, 256, (5, 48, 48), np.uint8))

    scores = [
        Classifier(card, create_backend(name, card)).classify(crops)
        for name in ('litert', 'opencv')
    ]

    np.testing.assert_allclose(scores[0], scores[1], atol=1e-3)
    np.testing.assert_allclose(scores[0].sum(axis=1), 1)
    assert card.name == bundle.name
    assert card.licence == 'Apache-2.0'
    assert 'FER2013' in card.terms


def test_the_bundle_says_what_the_trained_network_says(bundle, model):
    card = load_card(bundle)
    head = 'ferplus' if len(card.labels) == 8 else 'fer2013'
    batch = np.random.default_rng(2).uniform(-2, 2, (3, 48, 48, 1)).astype(np.float32)

    expected = np.asarray(model.predict(batch, verbose=0)[head])

    np.testing.assert_allclose(create_backend('litert', card).run(batch), expected, atol=1e-4)


def test_the_temperature_is_fitted_on_degraded_pictures_as_well(bundle, model, made_up):
    card = load_card(bundle)
    head = 'ferplus' if len(card.labels) == 8 else 'fer2013'
    public = made_up(70, 'public')
    truth = head_truth(head, public)

    fitted = {
        on: fit_temperature(
            predict_logits(model, images, TINY, TINY.side)[head],
            np.tile(truth, len(images) // len(truth)),
        )
        for on in CALIBRATED_ON
        for images in [calibration_images(public.images, on)]
    }

    assert card.training['calibrated_on'] == MIXED
    assert card.temperature == pytest.approx(fitted[MIXED], rel=1e-3)
    # An untrained FER+ head is fitted to the largest temperature with any images.
    assert head == 'ferplus' or fitted[MIXED] != pytest.approx(fitted[PLAIN], rel=0.1)


def test_forms_that_differ_are_refused():
    with pytest.raises(ExportError, match=r'onnx and keras files differ by 0\.01'):
        check_parity(
            {'keras': Fixed([[0, 1]]), 'tflite': Fixed([[0, 1]]), 'onnx': Fixed([[0, 1.01]])},
            np.zeros((1, 1, 1, 1), np.float32),
        )


def test_a_form_that_gives_no_number_is_refused():
    with pytest.raises(ExportError, match='the tflite and keras files differ'):
        check_parity(
            {'keras': Fixed([[0, 1]]), 'tflite': Fixed([[0, np.nan]])},
            np.zeros((1, 1, 1, 1), np.float32),
        )


def test_a_form_with_another_number_of_labels_is_refused():
    with pytest.raises(
        ExportError,
        match=r'tflite file outputs the shape \(1, 1\), but the keras file outputs \(1, 2\)',
    ):
        check_parity(
            {'keras': Fixed([[0, 1]]), 'tflite': Fixed([[0]])},
            np.zeros((1, 1, 1, 1), np.float32),
        )


def test_a_head_that_is_not_there_is_answered_with_those_that_are(model):
    with pytest.raises(ExportError, match="no head 'affectnet'; its heads are: fer2013, ferplus"):
        single_head(model, 'affectnet', 'x')


def test_nothing_is_written_where_the_forms_differ(tmp_path, model, made_up, monkeypatch):
    monkeypatch.setattr('training.bundles.export.PARITY_TOLERANCE', -1.0)

    with pytest.raises(ExportError):
        export(
            TINY,
            model,
            HEAD_LABELS['fer2013'],
            'fer2013',
            tmp_path / 'bundle',
            made_up(70, 'public'),
            {},
        )

    assert not (tmp_path / 'bundle').exists()


def test_a_bundle_says_what_its_network_was_begun_from(tmp_path):
    weights = tmp_path / 'mobilenet_v2.npz'
    weights.write_bytes(b'arrays')
    state = {
        'pictures': 40,
        'data_sha256': FER2013_IMAGES_SHA256,
        'seed': 0,
        'epoch': 2,
        'best_epoch': 1,
        'engine': 'Keras',
    }
    labels = dict(HEAD_LABELS)
    recipe = load_recipe(Path('fer_mobile'))

    begun = Run(tmp_path, replace(recipe, weights=str(weights)), labels, state)
    of_chance = Run(tmp_path, replace(recipe, weights='none'), labels, state)
    of_another = Run(tmp_path, replace(recipe, weights='model.keras'), labels, state)

    assert origin_of(begun)['begun_from'] == [
        {'name': 'mobilenet_v2.npz', 'sha256': hashlib.sha256(b'arrays').hexdigest()}
    ]
    assert 'ImageNet' in terms_of(begun, 'ferplus')
    assert 'begun_from' not in origin_of(of_chance)
    assert 'ImageNet' not in terms_of(of_chance, 'ferplus')
    assert terms_of(of_another, 'ferplus').endswith('another network, whose terms hold too.')


def test_a_bundle_that_began_from_others_tells_how_these_were_made(tmp_path):
    models = [tmp_path / 'fer2013_old', tmp_path / 'ferplus_old']
    made = {
        'recipe': 'first',
        'begun_from': [{'name': 'mobilenet_v2.npz', 'sha256': 'abc'}],
        'seed': 1,
        'parameters': 7,
    }
    digest = hashlib.sha256(b'network').hexdigest()
    for folder in models:
        folder.mkdir()
        (folder / 'model.keras').write_bytes(b'network')
        shipped = Path(__file__).resolve().parents[3] / 'models' / 'fer2013_mobile' / 'card.yaml'
        card = yaml.safe_load(shipped.read_text())
        files = {'keras': {'name': 'model.keras', 'sha256': digest}}
        (folder / 'card.yaml').write_text(
            yaml.safe_dump({**card, 'files': files, 'training': made})
        )
    state = {
        'pictures': 40,
        'data_sha256': FER2013_IMAGES_SHA256,
        'seed': 0,
        'epoch': 2,
        'best_epoch': None,
        'engine': 'Keras',
        'averaged': [{'seed': 0}, {'seed': 3}],
    }
    recipe = replace(
        load_recipe(Path('fer_mobile')),
        weights=','.join(str(folder / 'model.keras') for folder in models),
        teachers=(str(models[1]),),
    )
    run = Run(tmp_path, recipe, dict(HEAD_LABELS), state)

    origin = origin_of(run)

    kept = {name: value for name, value in made.items() if name != 'parameters'}
    beginning = {'name': 'model.keras', 'sha256': digest, 'training': kept}
    assert origin['begun_from'] == [beginning, beginning]
    assert origin['taught_by'] == [{'bundle': 'ferplus_old', 'sha256': digest}]
    assert origin['seed'] == [0, 3]
    assert origin['averaged'] == state['averaged']
    assert 'chosen_epoch' not in origin
    # The terms of ImageNet's photographs also apply to a network that was trained from a bundle.
    assert 'ImageNet' in terms_of(run, 'fer2013')


def test_the_onnx_form_clips_as_opencv_4_6_reads_it(tmp_path):
    onnx = pytest.importorskip('onnx')
    image = keras.Input((16, 16, 1))
    clipped = keras.layers.ReLU(6.0)(keras.layers.Conv2D(4, 3)(image))
    network = keras.Model(image, keras.layers.GlobalAveragePooling2D()(clipped))

    with contextlib.redirect_stdout(None):
        write_forms(network, tmp_path)

    nodes = onnx.load(str(tmp_path / 'model.onnx')).graph.node
    (clip,) = (node for node in nodes if node.op_type == 'Clip')
    assert len(clip.input) == 1
