"""Test the detectors on real photographs with the default settings of the node."""

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.settings import Settings
from photographs import count_matches
from photographs import data_path
from photographs import dlib_faces
from photographs import photograph

WEIGHTS = {
    'yunet': 'facedet/face_detection_yunet_2023mar.onnx',
    'haar': 'facedet/haarcascade_frontalface_default.xml',
}
# Minimum number of detected faces (of 43), and maximum number of false positives. The cascade's
# score is strict at the default threshold: it detects 34 faces there, and 42 in total.
BOUNDS = {'yunet': (42, 2), 'blazeface': (42, 2), 'haar': (33, 2)}


NETWORKS = ['yunet', 'blazeface']


def load(name):
    """Load a detector, or skip the test."""
    weights = str(data_path(WEIGHTS[name])) if name in WEIGHTS else ''
    try:
        return create_detector(name, weights)
    except DetectorError as error:
        pytest.skip(str(error))


@pytest.fixture(scope='module', params=[*NETWORKS, 'haar'])
def detector(request):
    return load(request.param)


@pytest.fixture(scope='module', params=NETWORKS)
def network(request):
    """Return a detector that must meet stricter requirements than the cascade."""
    return load(request.param)


def detect(detector, image):
    return detector.detect(image, Settings().min_face_score, Settings().min_face_size)


def wheel_photograph(name):
    """Read a photograph of the scikit-image package, or skip the test."""
    spec = importlib.util.find_spec('skimage')
    if spec is None:
        pytest.skip('scikit-image is not installed')
    return cv2.imread(str(Path(spec.origin).parent / 'data' / name))


def test_the_faces_of_group_photographs_are_found_and_hardly_any_other(detector):
    known = dlib_faces()
    assert sum(map(len, known.values())) == 43

    counts = [
        count_matches(detect(detector, photograph(f'dlib/{name}')), boxes, overlap=0.3)
        for name, boxes in known.items()
    ]

    hits, others = np.sum(counts, axis=0)
    least, most = BOUNDS[detector.name]
    assert hits >= least
    assert others <= most


@pytest.mark.parametrize('name', ['chelsea.png', 'coffee.png'])
def test_a_cat_and_a_cup_have_no_face(detector, name):
    assert detect(detector, wheel_photograph(name)) == []


def test_a_cartoon_has_no_face(detector):
    assert detect(detector, photograph('other/no-faces.jpg')) == []


def test_the_astronaut_has_one_face_with_level_eyes(detector):
    (face,) = detect(detector, wheel_photograph('astronaut.png'))

    # Positions of the eyes in the photograph, located by eye.
    np.testing.assert_allclose(face.eyes, [[201, 102], [247, 103]], atol=10)
    assert face.eyes_estimated == (detector.name == 'haar')


def test_a_mirrored_image_has_mirrored_eyes_the_right_one_still_first(network):
    image = wheel_photograph('astronaut.png')
    (face,) = detect(network, image)
    (mirrored,) = detect(network, np.ascontiguousarray(image[:, ::-1]))

    swapped = mirrored.eyes[::-1].copy()
    swapped[:, 0] = image.shape[1] - swapped[:, 0]
    np.testing.assert_allclose(swapped, face.eyes, atol=4)
    assert mirrored.eyes[0, 0] < mirrored.eyes[1, 0]


@pytest.mark.parametrize('scale', [0.15, 0.5, 1, 2, 4])
def test_a_face_is_found_whatever_its_size(network, scale):
    image = wheel_photograph('astronaut.png')
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scene = cv2.resize(image, None, fx=scale, fy=scale, interpolation=how)

    (face,) = network.detect(scene, 0.6, max(8, 60 * scale))

    middle = (224 * scale, 115 * scale)
    assert face.box[0] < middle[0] < face.box[2]
    assert face.box[1] < middle[1] < face.box[3]


def test_a_face_that_is_too_small_for_the_caller_is_left_out(network):
    image = wheel_photograph('astronaut.png')

    assert len(network.detect(image, 0.6, 60)) == 1
    assert network.detect(image, 0.6, 150) == []


@pytest.mark.parametrize('min_size', [8, 24, 50, 70])
def test_looking_for_large_faces_only_loses_none_of_them(network, min_size):
    image = photograph('other/six_people.jpg')
    everybody = [
        face for face in network.detect(image, 0.8, 24) if min(face.width, face.height) > 80
    ]

    found = network.detect(image, 0.6, min_size)

    assert len(everybody) >= 3
    hits, _ = count_matches(found, np.array([face.box for face in everybody]), overlap=0.3)
    assert hits == len(everybody)


def test_small_faces_of_a_large_image_are_found(network):
    # A photograph of six people, five of them with faces of 19 to 35 pixels, in a corner of a wide
    # image.
    group = photograph('other/six_people.jpg')
    image = np.full((720, 1280, 3), 90, np.uint8)
    image[300:684, 700:1212] = cv2.resize(group, (512, 384), interpolation=cv2.INTER_AREA)

    found = network.detect(image, 0.6, 16)

    assert len(found) == 6
    assert all(face.box[0] > 700 and face.box[1] > 300 for face in found)


def test_a_face_cut_by_the_border_has_a_box_inside_the_image(network):
    image = wheel_photograph('astronaut.png')[75:, 195:]

    faces = network.detect(np.ascontiguousarray(image), 0.3, 8)

    assert faces
    assert all(face.box[0] >= 0 and face.box[1] >= 0 for face in faces)


def test_images_may_change_size_from_call_to_call(detector):
    image = wheel_photograph('astronaut.png')
    first = detect(detector, image)

    for height, width in ((1, 1), (1, 20000), (20000, 1), (7, 300), (480, 640)):
        assert detect(detector, np.zeros((height, width, 3), np.uint8)) == []

    (again,) = detect(detector, image)
    assert again.box == first[0].box


def test_a_threshold_of_nought_and_of_one_are_taken(detector):
    image = wheel_photograph('astronaut.png')

    everything = detector.detect(image, 0.0, 8)

    assert detector.detect(image, 1.0, 8) == []
    assert all(0 <= face.score <= 1 for face in everything)
    scores = [face.score for face in everything]
    assert scores == sorted(scores, reverse=True)
