import numpy as np
import pytest

from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.masking import masker as masker_module
from fer_ros.perception.masking.masker import FaceMasker
from fer_ros.perception.masking.masker import HELD
from fer_ros.perception.masking.masker import load_detectors
from fer_ros.perception.masking.regions import COLOUR


class WhiteDetector:
    """Detects the white rectangle of a view with a given score."""

    name = 'yunet'
    reason = 'made up'

    def __init__(self, score=0.9):
        self.score = score
        self.error = None

    def detect(self, image, min_score, min_size):
        if self.error:
            raise self.error
        rows, columns = np.nonzero(image.min(axis=2) > 200)
        if not len(rows) or self.score < min_score:
            return []
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        return [FaceDetection(tuple(map(float, box)), self.score, np.zeros((2, 2), np.float32))]


def scene(*places, size=(480, 640), side=40):
    """Create a gray image with white squares at the places (left, top)."""
    image = np.random.default_rng(0).integers(20, 180, (*size, 3), np.uint8)
    for left, top in places:
        image[top:, left:][:side, :side] = 255
    return image


def is_hidden(masked, left, top, side=40):
    return bool((masked[top:, left:][:side, :side] == COLOUR).all())


def test_an_image_without_faces_stays_as_it_is():
    image = scene()

    masked = FaceMasker([WhiteDetector()]).mask(image)

    assert masked is not image
    assert (masked == image).all()


def test_faces_are_covered_in_a_copy():
    image = scene((300, 200))
    image.setflags(write=False)

    masked = FaceMasker([WhiteDetector()]).mask(image)

    assert is_hidden(masked, 300, 200)
    assert (masked[:100] == image[:100]).all()


def test_an_unlikely_face_is_covered_as_well():
    assert is_hidden(FaceMasker([WhiteDetector(0.11)]).mask(scene((300, 200))), 300, 200)


def test_an_unlikely_face_of_half_the_image_covers_nothing():
    image = scene((100, 100), side=300)

    assert (FaceMasker([WhiteDetector(0.2)]).mask(image) == image).all()
    assert is_hidden(FaceMasker([WhiteDetector(0.25)]).mask(image), 100, 100, 300)


def test_known_faces_are_covered_that_the_detector_does_not_find():
    masked = FaceMasker([WhiteDetector()]).mask(scene(), [(300.0, 200.0, 340.0, 240.0)])

    assert is_hidden(masked, 300, 200)


def test_what_a_second_detector_finds_is_covered():
    detectors = [WhiteDetector(0.0), WhiteDetector()]

    assert is_hidden(FaceMasker(detectors).mask(scene((300, 200))), 300, 200)


class OneAtATime(WhiteDetector):
    """Detects only the white pixels in the half of the view where it sees the most of them."""

    def detect(self, image, min_score, min_size):
        halves = np.split(image, [image.shape[1] // 2], axis=1)
        white = [int((half.min(axis=2) > 200).sum()) for half in halves]
        hidden = image.copy()
        np.split(hidden, [image.shape[1] // 2], axis=1)[white[0] >= white[1]][:] = 0
        return super().detect(hidden, min_score, min_size)


def test_what_is_found_only_in_the_masked_image_is_covered():
    image = scene((100, 200), (500, 200))

    masked = FaceMasker([OneAtATime()]).mask(image)

    assert is_hidden(masked, 100, 200)
    assert is_hidden(masked, 500, 200)


class Everywhere(WhiteDetector):
    """Detects a face in the middle of every view."""

    def detect(self, image, min_score, min_size):
        height, width = image.shape[:2]
        box = (0.45 * width, 0.45 * height, 0.55 * width, 0.55 * height)
        return [FaceDetection(box, 0.9, np.zeros((2, 2), np.float32))]


def test_an_image_in_which_something_is_always_left_is_covered_as_a_whole():
    assert (FaceMasker([Everywhere()]).mask(scene()) == COLOUR).all()


def test_a_face_that_was_lost_stays_covered_where_it_is_expected():
    masker = FaceMasker([WhiteDetector()])
    for step in range(10):
        masker.mask(scene((100 + 6 * step, 200)), stamp=step / 30)

    masked = masker.mask(scene(), stamp=10 / 30)
    later = masker.mask(scene(), stamp=10 / 30 + HELD - 0.05)
    gone = masker.mask(scene(), stamp=10 / 30 + HELD + 0.05)

    assert is_hidden(masked, 160, 200)
    assert (later == COLOUR).all(axis=-1).any()
    assert (gone == scene()).all()


def test_a_lost_face_stays_covered_where_it_was_as_well():
    masker = FaceMasker([WhiteDetector()])
    for step in range(10):
        masker.mask(scene((40 + 20 * step, 200)), stamp=step / 30)

    masked = masker.mask(scene(), stamp=10 / 30 + 0.5)

    assert is_hidden(masked, 40 + 20 * 9, 200)


def test_a_face_that_was_detected_only_once_stays_covered_as_long():
    masker = FaceMasker([WhiteDetector(0.3)])
    for step in range(5):
        masker.mask(scene(), stamp=step / 30)
    masker.mask(scene((300, 200)), stamp=5 / 30)

    for step in range(6, 6 + round(30 * HELD)):
        assert is_hidden(masker.mask(scene(), stamp=step / 30), 300, 200), step


def test_another_scene_begins_without_the_faces_of_the_last():
    masker = FaceMasker([WhiteDetector()])
    for step in range(3):
        masker.mask(scene((300, 200)), stamp=step / 30, scene='one')

    assert (masker.mask(scene(), stamp=0.1, scene='two') == scene()).all()


@pytest.mark.parametrize('stamps', [(5.0, 5.0, 5.0), (9.0, 0.0, 9.0), (1e9, 0.0, 0.1)])
def test_any_timestamps_are_accepted(stamps):
    masker = FaceMasker([WhiteDetector()])

    for stamp in stamps:
        assert is_hidden(masker.mask(scene((300, 200)), stamp=stamp), 300, 200)


def test_an_error_of_the_detector_gives_no_image():
    detector = WhiteDetector()
    detector.error = RuntimeError('no memory')

    with pytest.raises(RuntimeError, match='no memory'):
        FaceMasker([detector]).mask(scene())


@pytest.mark.parametrize('size', [(1, 1), (3, 700), (40, 30)])
def test_images_of_any_size_are_masked(size):
    image = np.full((*size, 3), 255, np.uint8)

    assert (FaceMasker([WhiteDetector()]).mask(image) == COLOUR).all()


def named(name):
    detector = WhiteDetector()
    detector.name = name
    return detector


@pytest.mark.parametrize(
    ('can_run', 'chosen', 'loaded'),
    [
        (('yunet', 'blazeface', 'haar'), ('auto', ''), ['yunet']),
        (('yunet', 'blazeface', 'haar'), ('haar', ''), ['yunet', 'haar']),
        (('yunet', 'blazeface', 'haar'), ('yunet', 'quantised.onnx'), ['yunet']),
        (('blazeface', 'haar'), ('haar', ''), ['blazeface', 'haar']),
        (('blazeface', 'haar'), ('blazeface', ''), ['blazeface']),
        (('blazeface', 'haar'), ('blazeface', 'other.tflite'), ['blazeface', 'blazeface']),
        (('haar',), ('auto', ''), ['haar']),
        (('yunet',), ('haar', 'gone.xml'), ['yunet']),
    ],
)
def test_the_best_detector_and_the_chosen_one_are_loaded(monkeypatch, can_run, chosen, loaded):
    def create(name, weights=''):
        if name == 'auto':
            name = can_run[0]
        if name not in can_run:
            raise DetectorError(f'no {name}')
        return named(name)

    monkeypatch.setattr(masker_module, 'create_detector', create)

    assert [detector.name for detector in load_detectors(*chosen)] == loaded


def test_without_a_detector_the_reasons_are_named(monkeypatch):
    def create(name, weights=''):
        raise DetectorError(f'no {name}')

    monkeypatch.setattr(masker_module, 'create_detector', create)

    with pytest.raises(DetectorError, match='no auto; no haar'):
        load_detectors('haar', '')
