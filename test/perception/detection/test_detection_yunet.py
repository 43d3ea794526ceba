from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from fer_ros import fetch_models
from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.detection import yunet
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.yunet import YuNetDetector
from fer_ros.perception.detection.yunet_views import MOST_PIXELS
from fer_ros.perception.detection.yunet_views import view_scale
from fer_ros.perception.models import known_files
from photographs import data_path


class Network:
    """A stand-in for FaceDetectorYN that returns predefined detections and stores its inputs."""

    def __init__(self):
        self.rows = None
        self.views = []

    def setInputSize(self, size):  # noqa: N802
        self.size = size

    def setScoreThreshold(self, score):  # noqa: N802
        self.score = score

    def detect(self, view):
        assert self.size == (view.shape[1], view.shape[0])
        self.views.append(view)
        return 1, self.rows


@pytest.fixture
def no_litert(monkeypatch):
    """Pretend that LiteRT is not installed."""

    def refuse():
        raise BackendError('LiteRT cannot be imported')

    monkeypatch.setattr(yunet, 'import_interpreter', refuse)


@pytest.fixture
def network(monkeypatch, no_litert, known_weights):
    known_weights('yunet.onnx', 'yunet')
    made = Network()
    outputs = SimpleNamespace(getUnconnectedOutLayersNames=lambda: sorted(yunet.OUTPUTS))
    monkeypatch.setattr(yunet.cv2.dnn, 'readNetFromONNX', lambda content: outputs)
    monkeypatch.setattr(yunet.cv2, '__version__', '4.14.0')
    monkeypatch.setattr(
        yunet.cv2, 'FaceDetectorYN', SimpleNamespace(create=lambda *args: made), raising=False
    )
    return made


# Left, top, width, height, the five points (right eye, left eye, nose, mouth), and the score.
ROW = np.array([10, 20, 40, 60, 20, 40, 40, 42, 30, 55, 22, 65, 38, 66, 0.9], np.float32)


def test_a_row_becomes_a_face(network):
    detector = YuNetDetector('yunet.onnx')
    network.rows = ROW[None]

    (face,) = detector.detect(np.zeros((240, 320, 3), np.uint8), 0.6, 24)

    assert face.box == (10, 20, 50, 80)
    assert face.score == pytest.approx(0.9)
    np.testing.assert_allclose(face.eyes, [[20, 40], [40, 42]])
    assert not face.eyes_estimated
    assert network.score == 0.6


def test_no_rows_are_no_faces(network):
    assert YuNetDetector('yunet.onnx').detect(np.zeros((240, 320, 3), np.uint8), 0.6, 24) == []


def test_faces_of_a_scaled_image_are_where_they_are_in_the_image(network):
    detector = YuNetDetector('yunet.onnx')
    network.rows = ROW[None]

    (face,) = detector.detect(np.zeros((960, 1280, 3), np.uint8), 0.6, 56)

    assert network.views[-1].shape == (240, 320, 3)
    assert face.box == (40, 80, 200, 320)
    np.testing.assert_allclose(face.eyes, [[80, 160], [160, 168]])


def test_the_network_sees_bgr(network):
    detector = YuNetDetector('yunet.onnx')
    blue = np.zeros((100, 100, 3), np.uint8)
    blue[:] = (255, 10, 20)

    detector.detect(blue, 0.6, 24)

    assert network.views[-1][50, 50].tolist() == [255, 10, 20]


@pytest.mark.parametrize('min_size', [24, 29, 60])
def test_what_is_too_fine_for_the_view_is_averaged_and_shows_no_pattern(network, min_size):
    detector = YuNetDetector('yunet.onnx')
    checkered = np.indices((960, 1280)).sum(axis=0) % 2 * 200
    image = np.repeat(checkered[:, :, None].astype(np.uint8), 3, axis=2)

    detector.detect(image, 0.6, min_size)

    view = network.views[-1]
    assert view.shape[0] < image.shape[0]
    # Without averaging, each pixel would be 0 or 200.
    assert abs(view.mean() - 100) < 2
    assert view[10:-10, 10:-10].std() < 60


@pytest.mark.parametrize(
    ('height', 'width', 'min_size', 'scale'),
    [
        (720, 1280, 24, 14 / 24),
        (720, 1280, 14, 1),
        (720, 1280, 8, 1),
        (720, 1280, 1000, 320 / 1280),
        (240, 320, 1000, 1),
        (1, 1, 24, 1),
        (1, 20000, 24, 14 / 24),
    ],
)
def test_the_view_has_the_detail_that_the_smallest_face_needs(height, width, min_size, scale):
    assert view_scale(height, width, min_size) == pytest.approx(scale)


def test_the_view_of_an_enormous_image_is_bounded():
    scale = view_scale(9000, 16000, 8)

    assert scale**2 * 9000 * 16000 == pytest.approx(MOST_PIXELS)


def test_the_network_never_sees_a_thin_strip(network):
    detector = YuNetDetector('yunet.onnx')

    detector.detect(np.full((1, 300, 3), 200, np.uint8), 0.6, 24)

    view = network.views[-1]
    assert view.shape == (64, 300, 3)
    assert view[0].min() == 200
    assert view[1:].max() == 0


def test_without_litert_opencv_runs_it_and_the_reason_is_told(network):
    reason = YuNetDetector('yunet.onnx').reason

    assert reason == 'with yunet.onnx on OpenCV 4.14.0; LiteRT cannot be imported'


@pytest.mark.parametrize('version', ['4.6.0', '4.7.0'])
def test_without_litert_an_opencv_that_cannot_run_it_is_named(
    monkeypatch, no_litert, known_weights, version
):
    known_weights('yunet.onnx', 'yunet')
    monkeypatch.setattr(yunet.cv2, '__version__', version)

    for load in (yunet.check_engines, lambda: YuNetDetector('yunet.onnx')):
        with pytest.raises(DetectorError, match=rf'needs LiteRT, or Op.* 4.8 .*{version}; L'):
            load()


@pytest.mark.parametrize('version', ['4.8.0', '4.8.1', '4.10.0', '5.0.0'])
def test_without_litert_opencv_is_enough_from_version_4_8_on(network, monkeypatch, version):
    monkeypatch.setattr(yunet.cv2, '__version__', version)

    yunet.check_engines()
    assert f'on OpenCV {version}' in YuNetDetector('yunet.onnx').reason


@pytest.mark.parametrize('version', ['4.6.0', cv2.__version__])
@pytest.mark.parametrize('content', [b'', b'<html>not found</html>', b'\x08\x07\x12\x00' * 50])
def test_a_file_that_is_no_network_is_named_with_the_way_to_a_good_one(
    tmp_path, content, version, monkeypatch
):
    monkeypatch.setattr(yunet.cv2, '__version__', version)
    weights = tmp_path / 'face_detection_yunet_2023mar.onnx'
    weights.write_bytes(content)

    with pytest.raises(DetectorError, match='yunet_2023mar.onnx.*ros2 run fer_ros fetch_models'):
        YuNetDetector(weights)


def test_another_network_is_told_from_yunet(network, monkeypatch):
    other = SimpleNamespace(getUnconnectedOutLayersNames=lambda: ['logits'])
    monkeypatch.setattr(yunet.cv2.dnn, 'readNetFromONNX', lambda content: other)

    with pytest.raises(
        DetectorError, match='is not YuNet of 2023, because it has the outputs logits'
    ):
        YuNetDetector('yunet.onnx')


def test_a_damaged_file_is_refused_by_its_hash(tmp_path):
    content = bytearray(data_path(f'facedet/{yunet.WEIGHTS}').read_bytes())
    content[100_000:100_400] = bytes(400)
    weights = tmp_path / yunet.WEIGHTS
    weights.write_bytes(content)

    with pytest.raises(DetectorError, match='SHA-256 is .* must be 8f2383e4dd3c.*fetch_models'):
        YuNetDetector(weights)


def test_the_file_that_is_fetched_is_the_one_that_is_searched():
    assert fetch_models.NAME == yunet.WEIGHTS
    assert fetch_models.YUNET_SHA256 in known_files.WEIGHTS['yunet']
