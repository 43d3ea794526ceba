from dataclasses import replace
import hashlib
from pathlib import Path

import numpy as np
import pytest

from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import GpuMemoryError
from fer_ros.perception.backends.base import run_in_buckets
from fer_ros.perception.classification import classifier as classification
from fer_ros.perception.classification.classifier import calibrated
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import ModelCard

CARD = ModelCard(
    name='made_up',
    labels=('dark', 'light'),
    input=InputSpec(4, 4, 1, 'gray', (0.0, 1.0)),
    crop=FER2013_CROP,
    output='logits',
    temperature=2.0,
    files={'onnx': ('model.onnx', hashlib.sha256(b'').hexdigest())},
    folder=Path(),
)


class Brightness:
    """A network with two logits: 4 times the darkness and 4 times the brightness of an image."""

    name = 'made_up'
    device = 'CPU'
    kind = 'onnx'

    def __init__(self, fault=lambda output: output):
        self.batches = []
        self._fault = fault

    def run(self, batch):
        self.batches.append(len(batch))
        light = batch.mean(axis=(1, 2, 3))
        return self._fault(np.stack([4 - 4 * light, 4 * light], axis=1))


def crops(*values):
    return [np.full((4, 4), value, np.uint8) for value in values]


def test_all_faces_go_through_the_network_in_one_batch():
    backend = Brightness()
    classifier = Classifier(CARD, backend)
    backend.batches.clear()

    scores = classifier.classify(crops(0, 255, 0))

    assert backend.batches == [3]
    assert scores.argmax(axis=1).tolist() == [0, 1, 0]


def test_the_temperature_softens_the_probabilities():
    scores = Classifier(CARD, Brightness()).classify(crops(255))

    # The logits are 0 and 4. Divided by the temperature 2, they are 0 and 2.
    np.testing.assert_allclose(scores, [[1 / (1 + np.e**2), np.e**2 / (1 + np.e**2)]])


def test_no_faces_need_no_network():
    backend = Brightness()
    classifier = Classifier(CARD, backend)
    backend.batches.clear()

    assert classifier.classify([]).shape == (0, 2)
    assert backend.batches == []


def test_probabilities_as_output_are_softened_likewise():
    given = np.array([[0.1, 0.9]])

    np.testing.assert_allclose(calibrated(given, 'probabilities', 1.0), given)
    softer = calibrated(given, 'probabilities', 2.0)
    np.testing.assert_allclose(softer[0, 1] / softer[0, 0], 3)


def test_large_logits_do_not_overflow():
    assert calibrated(np.array([[1e4, 0.0]]), 'logits', 1.0).tolist() == [[1, 0]]


def test_a_card_with_other_labels_than_the_network_is_refused_naming_both():
    def three(output):
        return np.concatenate([output, output[:, :1]], axis=1)

    with pytest.raises(BundleError, match=r'made_up has 2 labels .* has 3 outputs'):
        Classifier(CARD, Brightness(three))


def test_a_network_that_does_not_take_the_cards_input_is_refused():
    def refuse(_):
        raise BackendError('it wants 64x64')

    with pytest.raises(BundleError, match='the input is 4x4x1.*it wants 64x64'):
        Classifier(CARD, Brightness(refuse))


@pytest.mark.parametrize('hole', [np.nan, np.inf])
def test_an_output_with_a_hole_in_it_is_no_score(hole):
    fault = {'value': 0.0}
    classifier = Classifier(CARD, Brightness(lambda output: output + fault['value']))
    fault['value'] = hole

    with pytest.raises(BackendError, match='is not finite'):
        classifier.classify(crops(9))


@pytest.mark.parametrize('end', [0, 1])
def test_the_trial_run_reaches_both_ends_of_the_value_range(end):
    def breaks_at_the_end(output):
        # The second logit is 4 times the brightness.
        return np.where(output[:, 1:] == 4 * end, np.nan, output)

    with pytest.raises(BackendError, match='is not finite'):
        Classifier(CARD, Brightness(breaks_at_the_end))


def test_the_trial_run_includes_the_calibration():
    # No shipped card has this temperature. It makes the softmax overflow.
    card = replace(CARD, temperature=1e-308)

    with (
        np.errstate(all='ignore'),
        pytest.raises(BackendError, match='is not finite'),
    ):
        Classifier(card, Brightness())


def test_whatever_an_engine_raises_is_a_failure_of_the_back_end():
    backend = Brightness()
    classifier = Classifier(CARD, backend)
    backend._fault = lambda _: {}['nothing']

    with pytest.raises(BackendError, match="made_up fails: KeyError: 'nothing'"):
        classifier.classify(crops(9))


class OnGpu(Brightness):
    """A network that does not fit into the memory of the GPU."""

    name = 'tensorflow'
    device = 'GPU small'

    def run(self, batch):
        raise GpuMemoryError('the memory of the GPU small is full')


def test_where_the_gpu_is_full_auto_takes_the_cpu_and_says_so(monkeypatch):
    made = {'auto': OnGpu(), 'cpu': Brightness()}
    monkeypatch.setattr(
        classification, 'create_backend', lambda name, card, device='auto', limit=0: made[device]
    )

    classifier = classification.create_classifier(CARD, 'auto')

    assert classifier.backend is made['cpu']
    assert classifier.backend.reason == (
        'tensorflow on the GPU small failed its trial: the memory of the GPU small is full'
    )


def test_who_asks_for_the_gpu_is_told_that_it_is_full(monkeypatch):
    monkeypatch.setattr(classification, 'create_backend', lambda *_: OnGpu())

    with pytest.raises(GpuMemoryError):
        classification.create_classifier(CARD, 'auto', 'gpu')
    with pytest.raises(GpuMemoryError):
        classification.create_classifier(CARD, 'tensorflow')


@pytest.mark.parametrize('count', [1, 2, 3, 5, 16, 17, 40])
def test_any_number_of_faces_is_run_in_batches_of_a_few_sizes(count):
    batch = np.arange(count, dtype=np.float32).reshape(-1, 1, 1, 1)
    seen = []

    def run(bucket):
        seen.append(len(bucket))
        return bucket.reshape(-1, 1) * 10

    output = run_in_buckets(batch, run)

    assert output[:, 0].tolist() == [10 * index for index in range(count)]
    assert set(seen) <= {1, 2, 4, 8, 16}
    assert sum(seen) < 2 * count + 1
