from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN
from fer_ros.doctor.rotation import check_rotation
from fer_ros.doctor.rotation import is_upright
from fer_ros.perception.faces import FaceDetection

# The image of a camera that is rotated clockwise is turned counterclockwise.
TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


@pytest.fixture(name='photograph', scope='module')
def fixture_photograph():
    skimage = pytest.importorskip('skimage')
    return cv2.imread(str(Path(skimage.__file__).parent / 'data' / 'astronaut.png'))


@pytest.mark.parametrize('rotation', TURNS)
def test_the_rotation_of_a_camera_is_named(photograph, rotation):
    (finding,) = check_rotation('/image', cv2.rotate(photograph, TURNS[rotation]))

    assert (finding.level, finding.subject) == (WARN, '/image')
    assert f'1 face upright after a rotation by {rotation} degrees' in finding.sentence
    assert f'set rotation: {rotation}' in finding.sentence


def test_an_upright_camera_is_confirmed(photograph):
    (finding,) = check_rotation('/image', photograph)

    assert (finding.level, finding.sentence) == (OK, '1 face upright without rotation')


def test_nothing_is_said_of_an_image_without_a_face():
    assert list(check_rotation('/image', np.full((120, 160, 3), 90, np.uint8))) == []


@pytest.mark.parametrize(
    ('left_eye', 'upright'),
    [((10, 3), True), ((10, -9), True), ((3, 10), False), ((-10, 0), False)],
)
def test_a_face_is_upright_if_its_right_eye_is_left_of_the_left_eye(left_eye, upright):
    eyes = np.array([(0, 0), left_eye], np.float32)

    assert is_upright(FaceDetection((0, 0, 9, 9), 0.9, eyes)) is upright
