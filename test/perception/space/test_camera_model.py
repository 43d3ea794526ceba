import cv2
import numpy as np
import pytest

from fer_ros.perception.space.camera_model import CalibrationError
from fer_ros.perception.space.camera_model import camera_model

SIZE = (480, 640)
MATRIX = [600.0, 0, 319.5, 0, 610.0, 239.5, 0, 0, 1]
# Distortion coefficients of a real wide-angle webcam, a rational lens and a fisheye lens.
PLUMB_BOB = [-0.28, 0.07, 0.0005, -0.0003, 0.01]
RATIONAL = [0.5, -0.2, 0.0004, -0.0002, 0.02, 0.8, -0.1, 0.01]
# A rational lens with thin prism coefficients, and the same lens with a tilted sensor.
THIN_PRISM = [*RATIONAL, 0.002, -0.001, 0.0015, -0.0005]
TILTED = [*THIN_PRISM, 0.01, -0.02]
FISHEYE = [-0.02, 0.005, -0.003, 0.0005]


def project(point, model, coefficients):
    """Return the pixel of a point in space, computed by OpenCV."""
    points = np.array([[point]], np.float64)
    matrix, none = np.array(MATRIX).reshape(3, 3), np.zeros(3)
    if model == 'equidistant':
        pixels, _ = cv2.fisheye.projectPoints(points, none, none, matrix, np.array(coefficients))
    else:
        pixels, _ = cv2.projectPoints(points, none, none, matrix, np.array(coefficients))
    return pixels.ravel()


def test_the_principal_point_looks_straight_ahead():
    camera = camera_model(SIZE, MATRIX, '', [])

    assert camera.direction(319.5, 239.5).tolist() == [0, 0, 1]
    assert camera.direction(319.5 + 300, 239.5 - 61) == pytest.approx([0.5, -0.1, 1])


@pytest.mark.parametrize(
    ('model', 'coefficients'),
    [
        ('plumb_bob', [0.0] * 5),
        ('plumb_bob', PLUMB_BOB),
        ('plumb_bob', PLUMB_BOB[:4]),
        ('rational_polynomial', RATIONAL),
        ('rational_polynomial', THIN_PRISM),
        ('rational_polynomial', TILTED),
        ('equidistant', FISHEYE),
    ],
)
@pytest.mark.parametrize('point', [(0.0, 0.0, 1.0), (0.4, -0.3, 1.0), (-0.9, 0.7, 2.0)])
def test_a_pixel_sees_the_point_that_is_projected_onto_it(model, coefficients, point):
    camera = camera_model(SIZE, MATRIX, model, coefficients)

    direction = camera.direction(*project(point, model, coefficients))

    # A difference of 0.001 is 0.6 pixels here.
    assert direction == pytest.approx(np.array(point) / point[2], abs=1e-3)


def test_an_image_of_another_size_sees_the_same():
    camera = camera_model(SIZE, MATRIX, 'plumb_bob', PLUMB_BOB)

    half = camera.scaled_to((240, 320))

    # Coordinates count from the centre of the first pixel, which differs between the two sizes.
    # The offset of 0.5 converts them to coordinates from the image corner.
    for x, y in [(0, 0), (100, 50), (640, 480)]:
        big, small = camera.direction(x - 0.5, y - 0.5), half.direction(x / 2 - 0.5, y / 2 - 0.5)
        assert small == pytest.approx(big, abs=1e-9)
    assert camera.scaled_to(SIZE) is camera


def test_an_image_in_other_proportions_is_refused():
    camera = camera_model(SIZE, MATRIX, '', [])

    with pytest.raises(CalibrationError, match='640x480 and the image is 1280x720'):
        camera.scaled_to((720, 1280))


def test_sizes_that_are_nearly_in_proportion_are_taken():
    camera_model((768, 1366), MATRIX, '', []).scaled_to((360, 640))


@pytest.mark.parametrize(
    ('changed', 'reason'),
    [
        ({'matrix': [0.0] * 9}, 'must be above 0; calibrate the camera'),
        ({'matrix': [-1.0, *MATRIX[1:]]}, 'must be above 0'),
        ({'matrix': [float('nan'), *MATRIX[1:]]}, 'not numbers'),
        ({'distortion': [float('inf')] * 5}, 'not numbers'),
        ({'size': (0, 640)}, '640x0 pixels'),
        ({'distortion': PLUMB_BOB[:3]}, "'plumb_bob' with 3 coefficients"),
        ({'distortion_model': 'sphere'}, "'sphere' .* use one of plumb_bob"),
        ({'distortion_model': 'equidistant'}, '5 coefficients'),
    ],
)
def test_what_gives_no_directions_is_refused_in_a_sentence(changed, reason):
    right = {
        'size': SIZE,
        'matrix': MATRIX,
        'distortion_model': 'plumb_bob',
        'distortion': PLUMB_BOB,
    }

    with pytest.raises(CalibrationError, match=reason):
        camera_model(**{**right, **changed})


def test_a_rectified_image_needs_no_known_lens():
    assert camera_model(SIZE, MATRIX, 'of its maker', [0.0] * 7).distortion == ()


@pytest.mark.parametrize('fisheye', [False, True])
def test_where_the_lens_sees_nothing_there_is_no_direction(fisheye):
    model, coefficients = ('equidistant', FISHEYE) if fisheye else ('plumb_bob', PLUMB_BOB)
    camera = camera_model(SIZE, MATRIX, model, coefficients)

    assert camera.direction(1e7, -1e7) is None
