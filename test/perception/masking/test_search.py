import cv2
import numpy as np
import pytest

from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.masking.search import ENLARGED
from fer_ros.perception.masking.search import search
from fer_ros.perception.masking.search import TURNS
from fer_ros.perception.masking.search import View
from fer_ros.perception.masking.search import VIEWS
from fer_ros.perception.registry import DETECTORS


class WhiteDetector:
    """Detects the white rectangle of a view, and keeps what it was asked for."""

    name = 'yunet'

    def __init__(self):
        self.asked = []

    def detect(self, image, min_score, min_size):
        self.asked.append((image.copy(), min_score, min_size))
        rows, columns = np.nonzero(image.min(axis=2) > 200)
        if not len(rows):
            return []
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        return [FaceDetection(tuple(map(float, box)), 0.9, np.zeros((2, 2), np.float32))]


@pytest.fixture
def image():
    made = np.full((480, 1280, 3), 90, np.uint8)
    made[240:] = 180
    made[40:120, 160:240] = 255
    return made


@pytest.mark.parametrize('turn', [0, *TURNS])
@pytest.mark.parametrize('scale', [1, 0.5, 0])
def test_a_box_of_each_view_is_in_pixels_of_the_image(image, scale, turn):
    (found,) = search(image, WhiteDetector(), [View(0.1, scale, turn)])

    assert np.allclose(found.box, (160, 40, 240, 120), atol=4)


def test_a_view_shows_the_image_turned_and_scaled(image):
    detector = WhiteDetector()

    search(image, detector, [View(0.1, 0.5, 90)])

    ((view, score, size),) = detector.asked
    assert (score, size) == (0.1, 1)
    expected = cv2.resize(image, (640, 240), interpolation=cv2.INTER_AREA)
    assert (view == cv2.rotate(expected, cv2.ROTATE_90_CLOCKWISE)).all()


@pytest.mark.parametrize('rotation', [0, *TURNS])
def test_the_views_of_a_rotated_camera_are_turned_by_its_rotation(image, rotation):
    detector = WhiteDetector()

    found = search(image, detector, [View(0.1, 1), View(0.25, 1, 90)], rotation)

    for (view, _, _), turn in zip(detector.asked, (rotation, rotation + 90), strict=True):
        assert (view == np.rot90(image, -turn // 90)).all()
    assert all(np.allclose(one.box, (160, 40, 240, 120)) for one in found)


def test_the_whole_image_is_searched_in_full_size_and_in_each_direction(image):
    for name in DETECTORS:
        detector = WhiteDetector()

        search(image, detector, VIEWS[name])

        assert (detector.asked[0][0] == image).all()
        assert {view.rotation for view in VIEWS[name]} == {0, *TURNS}
        shapes = [asked[0].shape[:2] for asked in detector.asked]
        assert all(min(h / w, w / h) == pytest.approx(480 / 1280, abs=0.01) for h, w in shapes)
        # Every score is below the 0.3 for which the promise is measured.
        assert all(asked[1] < 0.3 for asked in detector.asked)


def test_a_view_of_a_small_image_is_not_searched_twice():
    detector = WhiteDetector()

    search(np.zeros((100, 120, 3), np.uint8), detector, [View(0.1, s) for s in (1, 0.5, 0)])

    # The copy with stretched contrast is the second.
    assert [asked[0].shape for asked in detector.asked] == [(100, 120, 3)] * 2


@pytest.mark.parametrize(
    ('size', 'enlarged'), [((12, 16), (48, 64)), ((480, 640), (720, 960)), ((540, 960), None)]
)
def test_a_small_image_is_also_searched_enlarged(size, enlarged):
    image = np.full((*size, 3), 50, np.uint8)
    top, left = size[0] // 4, size[1] // 4
    image[:, : 2 * left] = 150
    image[top:, left:][:top, :left] = 255
    detector = WhiteDetector()

    found = search(image, detector, [View(0.1, 1), View(0.1, ENLARGED)])

    assert [asked[0].shape[:2] for asked in detector.asked] == [
        size,
        *([enlarged] * bool(enlarged)),
    ]
    box = (size[1] / 4, size[0] / 4, size[1] / 2, size[0] / 2)
    assert all(np.allclose(one.box, box, atol=1) for one in found)
    assert View(0.1, ENLARGED) in VIEWS['yunet']


def test_a_dark_image_is_searched_with_stretched_contrast_as_well():
    dark = np.full((480, 640, 3), 2, np.uint8)
    dark[::3] = 7
    dark[100:200, 100:200] = 9

    (found,) = search(dark, WhiteDetector(), [View(0.1, 1)])

    assert found.box == (100, 100, 200, 200)


@pytest.mark.parametrize('lamp', [255, 100])
def test_a_lamp_in_a_dark_image_does_not_hide_faces_from_the_search(lamp):
    dark = np.full((480, 640, 3), 2, np.uint8)
    dark[100:300, 100:300] = 9
    dark[::3] = 7
    dark[:, 540:] = lamp
    detector = WhiteDetector()

    search(dark, detector, [View(0.1, 1)])

    faces = [asked[0][101, 101, 0] - float(asked[0][1, 1, 0]) for asked in detector.asked]
    assert max(faces) > 200


def test_a_dark_frame_around_a_hazy_image_does_not_hide_faces_from_the_search():
    hazy = np.full((480, 640, 3), 250, np.uint8)
    hazy[100:300, 100:300] = 243
    hazy[::3] = 244
    hazy[:, 540:] = 0
    detector = WhiteDetector()

    search(hazy, detector, [View(0.1, 1)])

    faces = [asked[0][1, 1, 0] - float(asked[0][101, 101, 0]) for asked in detector.asked]
    assert max(faces) > 200


def test_gray_levels_that_are_all_equal_are_no_error():
    assert search(np.full((48, 64, 3), 30, np.uint8), WhiteDetector(), [View(0.1, 1)]) == []
