"""Test on real photographs that YuNet finds no face in a masked image."""

import cv2
import numpy as np
import pytest

from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.masking.masker import FaceMasker
from fer_ros.perception.masking.masker import load_detectors
from fer_ros.perception.masking.regions import COLOUR
from photographs import data_path
from photographs import dlib_faces
from photographs import photograph

# Minimum score of a face that counts as visible.
VISIBLE = 0.3

GROUP = 'dlib/2008_004176.jpg'


@pytest.fixture(scope='module')
def judge():
    return create_detector('yunet', str(data_path('facedet/face_detection_yunet_2023mar.onnx')))


@pytest.fixture
def masker(judge):
    """Return a masker that remembers no face of another test."""
    return FaceMasker([judge])


def visible(image, judge):
    """Return the faces that YuNet finds in an image of full and of half size."""
    small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return [face for one in (image, small) for face in judge.detect(one, VISIBLE, 1)]


def compressed(image):
    jpeg = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)


def test_no_face_of_the_group_photographs_is_left(judge):
    for name, boxes in dlib_faces().items():
        masked = FaceMasker([judge]).mask(photograph(f'dlib/{name}'))

        assert visible(compressed(masked), judge) == [], name
        for left, top, right, bottom in boxes.clip(0).astype(int):
            # The boxes of dlib reach from the eyebrows to the chin.
            assert (masked[top:bottom, left:right] == COLOUR).all(), name


@pytest.mark.parametrize('name', ['facerec/obama_partial_face.jpg', 'facerec/two_people.jpg'])
def test_no_face_at_the_border_or_close_to_the_camera_is_left(masker, judge, name):
    assert visible(compressed(masker.mask(photograph(name))), judge) == []


CHANGES = {
    'mirrored': lambda image: image[:, ::-1],
    'gray': lambda image: np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2),
    'dark': lambda image: 0.05 * image,
    'hazy': lambda image: 0.15 * image + 200,
    'small': lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    'large': lambda image: cv2.resize(image, None, fx=3, fy=3),
    'narrow': lambda image: cv2.resize(image, None, fx=0.6, fy=1),
    'on its side': lambda image: np.rot90(image),
    'upside down': lambda image: np.rot90(image, 2),
}


@pytest.mark.parametrize('change', CHANGES)
def test_no_face_is_left_whatever_happens_to_the_image(masker, judge, change):
    image = np.ascontiguousarray(CHANGES[change](photograph(GROUP)), np.float32)
    image = image.clip(0, 255).astype(np.uint8)

    masked = compressed(masker.mask(image))

    # A viewer can turn the image and stretch its contrast.
    turned = {'on its side': -1, 'upside down': 2}.get(change, 0)
    seen = np.ascontiguousarray(np.rot90(masked, turned))
    if change == 'dark':
        # The colour of the mask must not limit the contrast.
        seen = cv2.convertScaleAbs(seen, alpha=15)
    assert visible(seen, judge) == []
    assert visible(image if not turned else np.ascontiguousarray(np.rot90(image, turned)), judge)


def test_a_face_of_a_few_pixels_is_covered(judge):
    image = photograph(GROUP)
    for left, top, right, bottom in dlib_faces()[GROUP.split('/')[1]].clip(0).astype(int):
        face = cv2.resize(image[top:bottom, left:right], (16, 16), interpolation=cv2.INTER_AREA)
        canvas = np.full((240, 320, 3), 150, np.uint8)
        canvas[100:116, 150:166] = face

        for small, place in ((face, np.s_[:]), (canvas, np.s_[100:116, 150:166])):
            assert (FaceMasker([judge]).mask(small)[place] == COLOUR).all()


def test_no_dark_face_is_left_beside_a_lamp(masker, judge):
    dark = (0.03 * photograph(GROUP)).astype(np.uint8)
    dark = cv2.copyMakeBorder(dark, 0, 0, 0, 80, cv2.BORDER_CONSTANT, value=(250, 250, 250))

    masked = compressed(masker.mask(dark))

    assert visible(cv2.convertScaleAbs(dark, alpha=30), judge)
    assert visible(cv2.convertScaleAbs(masked, alpha=30), judge) == []


@pytest.mark.parametrize('name', ['blazeface', 'haar'])
def test_the_best_detector_hides_faces_that_a_chosen_weaker_one_misses(judge, monkeypatch, name):
    monkeypatch.setenv('FER_ROS_MODELS', str(data_path('facedet')))
    detectors = load_detectors(name)
    assert [detector.name for detector in detectors] == ['yunet', name]

    masked = FaceMasker(detectors).mask(photograph(GROUP))

    assert visible(compressed(masked), judge) == []
