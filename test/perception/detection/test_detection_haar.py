import cv2
import numpy as np
import pytest

from fer_ros.perception.detection import haar
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.haar import HaarDetector
from fer_ros.perception.detection.haar import to_scores

# The smallest possible cascade: a stage with a stump of one feature.
CASCADE = b"""<?xml version="1.0"?>
<opencv_storage><cascade type_id="opencv-cascade-classifier">
<stageType>BOOST</stageType><featureType>HAAR</featureType><height>24</height><width>24</width>
<featureParams><maxCatCount>0</maxCatCount></featureParams>
<stages><_><stageThreshold>-5.0e-01</stageThreshold><weakClassifiers>
<_><internalNodes>0 -1 0 -3.2e-02</internalNodes><leafValues>2.1 -2.2</leafValues></_>
</weakClassifiers></_></stages>
<features><_><rects><_>6 4 12 9 -1.</_><_>6 7 12 3 3.</_></rects><tilted>0</tilted></_></features>
</cascade></opencv_storage>"""


class Cascade:
    """A stand-in for a cascade that returns predefined detections and stores its inputs."""

    windows: object = ()
    weights: object = ()

    def __init__(self):
        self.views = []

    def read(self, node):
        return True

    def detectMultiScale3(self, view, **settings):  # noqa: N802
        self.views.append(view)
        assert settings['outputRejectLevels']
        return self.windows, (), self.weights


@pytest.fixture
def detector(monkeypatch, known_weights):
    known_weights('cascade.xml', 'haar', CASCADE)
    monkeypatch.setattr(haar.cv2, 'CascadeClassifier', Cascade, raising=False)
    return HaarDetector('cascade.xml')


def test_a_window_becomes_a_face_with_estimated_eyes(detector, monkeypatch):
    monkeypatch.setattr(Cascade, 'windows', np.int32([[100, 50, 200, 200]]))
    monkeypatch.setattr(Cascade, 'weights', np.float64([10]))

    (face,) = detector.detect(np.zeros((480, 640, 3), np.uint8), 0.6, 24)

    assert face.box == (100, 50, 300, 250)
    assert face.score > 0.95
    assert face.eyes_estimated
    right, left = face.eyes
    assert right.tolist() == pytest.approx([164.6, 127.4])
    assert left.tolist() == pytest.approx([235.4, 127.4])


def test_windows_of_a_scaled_view_are_where_they_are_in_the_image(detector, monkeypatch):
    monkeypatch.setattr(Cascade, 'windows', np.int32([[20, 10, 40, 40]]))
    monkeypatch.setattr(Cascade, 'weights', np.float64([10]))

    (face,) = detector.detect(np.zeros((480, 640, 3), np.uint8), 0.6, 96)

    assert detector._cascade.views[-1].shape == (120, 160)
    assert face.box == (80, 40, 240, 200)


def test_no_windows_are_no_faces(detector):
    assert detector.detect(np.zeros((480, 640, 3), np.uint8), 0.6, 24) == []


def test_red_green_and_blue_are_weighted_as_bgr(detector):
    image = np.zeros((30, 30, 3), np.uint8)
    image[:, :10, 0] = 255  # blue: 29 of 255 as gray
    image[:, 10:20, 2] = 255  # red: 76 of 255 as gray

    detector.detect(image, 0.6, 24)

    blue, red = (int(detector._cascade.views[-1][15, x]) for x in (5, 15))
    assert blue < red


def test_the_score_grows_with_the_weight_and_is_a_half_in_the_middle():
    scores = to_scores(np.array([-50, haar.WEIGHT_MIDDLE, 50]))

    assert scores == pytest.approx([0, 0.5, 1])


def test_opencv_5_has_no_cascades(monkeypatch):
    monkeypatch.delattr(haar.cv2, 'CascadeClassifier', raising=False)
    monkeypatch.setattr(haar.cv2, '__version__', '5.0.0')

    with pytest.raises(
        DetectorError, match=r'needs OpenCV 4, because OpenCV 5.0.0 has no CascadeClassifier'
    ):
        HaarDetector('cascade.xml')


@pytest.mark.skipif(not hasattr(cv2, 'CascadeClassifier'), reason='this OpenCV has no cascades')
@pytest.mark.parametrize('content', [b'', b'no cascade', b'<opencv_storage></opencv_storage>'])
def test_a_file_that_is_no_cascade_is_named_with_the_way_to_a_good_one(tmp_path, content):
    weights = tmp_path / 'cascade.xml'
    weights.write_bytes(content)

    with pytest.raises(DetectorError, match=r'cascade.xml .*cascade.*; .*apt install opencv-data'):
        HaarDetector(weights)
