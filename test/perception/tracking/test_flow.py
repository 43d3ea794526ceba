import cv2
import numpy as np
import pytest

from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.tracking.flow import follow_face

# Smooth random blobs, so that each position looks different: (480, 640, 3).
NOISE = np.random.default_rng(0).normal(0, 1, (480, 640, 3))
SCENE = np.uint8(np.clip(127 + 900 * cv2.GaussianBlur(NOISE, (0, 0), 6), 0, 255))


def face(x=300.0, y=240.0, side=80.0):
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    eyes = np.float32([[x - 0.2 * side, y - 0.1 * side], [x + 0.2 * side, y - 0.1 * side]])
    return FaceDetection(box, 0.9, eyes)


def moved(shift=(0.0, 0.0), growth=1.0, centre=(300.0, 240.0)):
    """Shift the scene, and scale it around a point."""
    matrix = cv2.getRotationMatrix2D(centre, 0, growth)
    matrix[:, 2] += shift
    return cv2.warpAffine(SCENE, matrix, (640, 480), borderMode=cv2.BORDER_REFLECT)


def assert_same(found, expected, pixels):
    np.testing.assert_allclose(found.box, expected.box, atol=pixels)
    np.testing.assert_allclose(found.eyes, expected.eyes, atol=pixels)


@pytest.mark.parametrize('shift', [(0, 0), (3, -2), (20, 5), (-12, 18)])
def test_a_face_is_found_where_it_moved_with_its_eyes(shift):
    found = follow_face(SCENE, moved(shift), face(), face())

    assert_same(found, face(300 + shift[0], 240 + shift[1]), 1.0)


@pytest.mark.parametrize('growth', [0.95, 1.05])
def test_a_face_that_comes_nearer_grows(growth):
    found = follow_face(SCENE, moved(growth=growth), face(), face())

    assert_same(found, face(side=80 * growth), 1.5)


@pytest.mark.parametrize(('growth', 'limited'), [(0.87, 1 / 1.1), (1.15, 1.1)])
def test_a_face_grows_and_shrinks_by_a_tenth_at_most(growth, limited):
    found = follow_face(SCENE, moved(growth=growth), face(), face())

    assert_same(found, face(side=80 * limited), 0.7)


def test_a_guess_helps_where_it_moved_far():
    shift = (70, 0)

    assert_same(follow_face(SCENE, moved(shift), face(), face(360)), face(370), 1.0)


@pytest.mark.parametrize('side', [16, 40, 200])
def test_small_and_large_faces_are_found(side):
    shift = 0.1 * side

    found = follow_face(SCENE, moved((shift, shift)), face(side=side), face(side=side))

    assert_same(found, face(300 + shift, 240 + shift, side), max(1.0, 0.04 * side))


def test_a_face_cut_by_the_border_is_found():
    found = follow_face(SCENE, moved((6, 0)), face(30), face(30))

    assert_same(found, face(36), 3.0)


@pytest.mark.parametrize('now', [np.zeros_like(SCENE), SCENE[::-1, ::-1].copy()])
def test_what_is_no_longer_there_is_not_found(now):
    assert follow_face(SCENE, now, face(), face()) is None


def test_a_face_without_size_is_not_found():
    assert follow_face(SCENE, SCENE, face(side=0.0), face()) is None


def test_what_is_followed_for_long_does_not_drift_away():
    at = face()
    for step in range(30):
        before, now = moved((2 * step, step)), moved((2 * step + 2, step + 1))
        at = follow_face(before, now, at, at)

    assert_same(at, face(360, 270), 4.0)
