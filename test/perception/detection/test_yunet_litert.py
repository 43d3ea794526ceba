"""Test YuNet on LiteRT: the graph, its weights, and the decoding of its output."""

from pathlib import Path

import numpy as np
import pytest

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.litert import import_interpreter
from fer_ros.perception.detection import yunet
from fer_ros.perception.detection import yunet_litert
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.yunet import OpenCvYuNet
from fer_ros.perception.detection.yunet import YuNetDetector
from fer_ros.perception.detection.yunet_litert import decode
from fer_ros.perception.detection.yunet_litert import filled
from fer_ros.perception.detection.yunet_litert import GRAPH
from fer_ros.perception.detection.yunet_litert import LiteRtYuNet
from fer_ros.perception.detection.yunet_litert import places
from fer_ros.perception.detection.yunet_litert import read_weights
from photographs import data_path
from photographs import dlib_faces
from photographs import photograph
from yunet_weights import sizes_in_graph
from yunet_weights import small_weights

MODELS = Path(__file__).parents[3] / 'models'


@pytest.fixture
def interpreter():
    """Return the LiteRT interpreter class, or skip the test."""
    try:
        return import_interpreter()
    except BackendError as error:
        pytest.skip(str(error))


@pytest.fixture
def weights():
    return data_path(f'facedet/{yunet.WEIGHTS}')


@pytest.fixture
def of_chance(interpreter, monkeypatch):
    """Return a network with random weights."""
    monkeypatch.setattr(yunet_litert, 'read_weights', lambda content: small_weights())
    return LiteRtYuNet(b'', interpreter)


def test_the_graph_has_a_place_for_each_weight_and_no_other():
    # 29 convolutions and a pair for each of three strides have two arrays each.
    assert len(sizes_in_graph()) == 2 * (29 + 6)
    assert sum(sizes_in_graph()) == 53104


def test_weights_that_do_not_fit_are_refused():
    arrays = small_weights()
    arrays[3] = arrays[3][:-1]

    with pytest.raises(
        DetectorError, match='array 3 of the weights has 15 numbers, but YuNet of 2023 has 16'
    ):
        filled(GRAPH.read_bytes(), arrays)


def test_another_network_is_refused():
    other = MODELS / 'fer2013_tiny' / 'model.onnx'

    with pytest.raises(
        DetectorError, match='is not YuNet of 2023 in float32: it has 3. float32 convol'
    ):
        read_weights(other.read_bytes())


def test_an_opencv_too_old_for_its_own_class_is_enough(weights, interpreter, monkeypatch):
    monkeypatch.setattr(yunet.cv2, '__version__', '4.6.0')

    yunet.check_engines()
    detector = YuNetDetector(weights)

    assert detector.reason == f'with {weights} on LiteRT'


def test_a_litert_that_cannot_run_the_graph_is_passed_over(weights, monkeypatch):
    def refuse(**_):
        raise ValueError("Didn't find op for builtin opcode 'CONV_2D' version '9'")

    monkeypatch.setattr(yunet, 'import_interpreter', lambda: refuse)
    try:
        OpenCvYuNet(weights.read_bytes())
    except DetectorError as error:
        pytest.skip(str(error))

    reason = YuNetDetector(weights).reason

    assert (
        f'on OpenCV {yunet.cv2.__version__}; LiteRT cannot load yunet_graph.tflite: Didn' in reason
    )
    monkeypatch.setattr(yunet.cv2, '__version__', '4.6.0')
    with pytest.raises(DetectorError, match=r'LiteRT cannot load .*CONV_2D'):
        YuNetDetector(weights)


def test_places_go_row_by_row_from_the_finest():
    where = places(64, 96)

    assert len(where) == 8 * 12 + 4 * 6 + 2 * 3
    assert where[:2].tolist() == [[0, 0, 8], [1, 0, 8]]
    assert where[12].tolist() == [0, 1, 8]
    assert where[96].tolist() == [0, 0, 16]
    assert where[-1].tolist() == [2, 1, 32]


def test_an_answer_is_read_in_pixels():
    told = np.full((6, 16), -40, np.float32)
    told[4] = [2, 1, 0.5, 0.25, np.log(2), np.log(4), *range(10)]
    (row,) = decode(told, places(64, 96)[-6:], 0.5)

    # The position in the second row and column, with a stride of 32 pixels.
    score = (1 / (1 + np.exp(-2)) / (1 + np.exp(-1))) ** 0.5
    points = np.array([[1, 1]]) * 32 + np.arange(10).reshape(5, 2) * 32
    expected = [1.5 * 32 - 32, 1.25 * 32 - 64, 64, 128, *points.ravel(), score]
    np.testing.assert_allclose(row, expected, rtol=1e-5)


def test_of_boxes_on_each_other_the_best_stays_and_the_best_comes_first():
    told = np.full((6, 16), -40, np.float32)
    told[:, 2:] = 0
    told[[0, 1, 5], :2] = [[1, 1], [2, 2], [1.5, 1.5]]
    told[1, 2] = -0.8

    rows = decode(told, places(64, 96)[-6:], 0.5)

    scores = [1 / (1 + np.exp(-logit)) for logit in (2, 1.5)]
    assert [row[-1] for row in rows] == pytest.approx(scores)


def test_a_certain_face_passes_the_highest_threshold():
    told = np.full((6, 16), -40, np.float32)
    told[3] = [20, 20, *[0] * 14]

    (row,) = decode(told, places(64, 96)[-6:], 1.0)

    assert row[-1] == 1


@pytest.mark.parametrize('logit', [-1e30, 1e30])
def test_logits_of_any_size_are_read_in_silence(logit):
    rows = decode(np.full((6, 16), logit, np.float32), places(64, 96)[-6:], 0.0)

    assert all(0 <= row[-1] <= 1 for row in rows)


def test_what_was_seen_before_leaves_no_trace(of_chance, interpreter):
    generator = np.random.default_rng(1)
    large = generator.integers(0, 256, (200, 300, 3), np.uint8)
    small = np.ascontiguousarray(large[:70, :90])
    first = of_chance.find(small, 0.0)

    of_chance.find(np.full_like(small, 255), 0.0)
    of_chance.find(np.full((96, 96, 3), 255, np.uint8), 0.0)
    of_chance.find(large, 0.0)

    assert first
    assert of_chance.find(small, 0.0) == first


def test_it_finds_what_opencv_finds(weights, interpreter):
    if not yunet._opencv_runs_it():
        pytest.skip('this OpenCV has no class that runs YuNet of 2023')
    ours, theirs = YuNetDetector(weights), YuNetDetector(weights)
    theirs._network = OpenCvYuNet(weights.read_bytes())
    assert ours.reason.endswith(' on LiteRT')

    for name in dlib_faces():
        image = photograph(f'dlib/{name}')
        for min_score, min_size in ((0.6, 24), (0.3, 16), (0.6, 60)):
            found = ours.detect(image, min_score, min_size)
            expected = theirs.detect(image, min_score, min_size)
            assert len(found) == len(expected)
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one.box, other.box, atol=0.05)
                np.testing.assert_allclose(one.eyes, other.eyes, atol=0.05)
                assert one.score == pytest.approx(other.score, abs=1e-4)


def test_a_much_smaller_view_gets_an_interpreter_without_the_memory_of_the_larger_one(of_chance):
    def see(height, width):
        of_chance.find(np.zeros((height, width, 3), np.uint8), 0.5)
        return of_chance.interpreter

    large = see(480, 640)

    assert see(480, 320) is large
    assert see(320, 320) is not large


def test_a_new_interpreter_finds_the_same(of_chance):
    view = np.random.default_rng(3).integers(0, 256, (96, 128, 3), np.uint8)
    before = of_chance.find(view, 0.1)
    of_chance.find(np.zeros((480, 640, 3), np.uint8), 0.1)

    assert before
    assert of_chance.find(view, 0.1) == before
