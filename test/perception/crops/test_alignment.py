import cv2
import numpy as np
import pytest

from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.crops.alignment import CropGeometry
from fer_ros.perception.crops.alignment import FER2013_CROP

GEOMETRY = CropGeometry(left_eye=(0.7, 0.4), right_eye=(0.3, 0.4))

LEVEL = [[300, 200], [380, 200]]
ROLLED = [[300, 200], [360, 260]]
UPSIDE_DOWN = [[380, 200], [300, 200]]
SMALL = [[100, 100], [110, 103]]
HUGE = [[120, 150], [500, 180]]


def dots_at(eyes, height=480, width=640, gray=False, radius=None):
    """
    Draw a filled circle at each eye position: the right eye red, the left eye blue.

    By default, a circle is as large as an eye.
    """
    image = np.zeros((height, width) if gray else (height, width, 3), np.uint8)
    radius = radius or max(2, round(float(np.linalg.norm(np.subtract(*np.float64(eyes)))) / 12))
    for (x, y), colour in zip(eyes, ((0, 0, 255), (255, 0, 0)), strict=True):
        cv2.circle(image, (round(x), round(y)), radius, 255 if gray else colour, cv2.FILLED)
    return image


def centre_of(channel):
    """Return the (x, y) centre of the bright pixels, from the corner of the image."""
    ys, xs = np.nonzero(channel > 127)
    return xs.mean() + 0.5, ys.mean() + 0.5


@pytest.mark.parametrize('eyes', [LEVEL, ROLLED, UPSIDE_DOWN, SMALL, HUGE])
def test_eyes_land_on_the_same_points_whatever_roll_and_size(eyes):
    # The centre of a circle drawn at pixel (x, y) is half a pixel further from the corner.
    crop = align_face(dots_at(eyes), np.float32(eyes) + 0.5, GEOMETRY, 50, 50)

    assert crop.shape == (50, 50, 3)
    assert crop.dtype == np.uint8
    assert centre_of(crop[:, :, 2]) == pytest.approx((15, 20), abs=0.6)
    assert centre_of(crop[:, :, 0]) == pytest.approx((35, 20), abs=0.6)


def test_the_eyes_of_a_turned_head_are_kept_apart_around_their_middle():
    eyes = np.float32([[330, 200], [350, 200]]) + 0.5

    crop = align_face(dots_at(eyes - 0.5, radius=6), eyes, GEOMETRY, 50, 50, least_eye_distance=80)

    # Each eye is a quarter of the crop's eye distance away from the midpoint of the eyes.
    assert centre_of(crop[:, :, 2]) == pytest.approx((22.5, 20), abs=0.6)
    assert centre_of(crop[:, :, 0]) == pytest.approx((27.5, 20), abs=0.6)


def test_a_gray_image_gives_a_gray_crop():
    crop = align_face(dots_at(LEVEL, gray=True), np.float32(LEVEL) + 0.5, GEOMETRY, 50, 50)

    assert crop.shape == (50, 50)
    assert centre_of(crop[:, :25]) == pytest.approx((15, 20), abs=0.6)


def test_a_crop_need_not_be_square():
    crop = align_face(dots_at(LEVEL), np.float32(LEVEL) + 0.5, GEOMETRY, 40, 60)

    assert crop.shape == (40, 60, 3)


def test_a_face_cut_by_the_border_is_continued_by_it():
    image = np.full((100, 100, 3), 77, np.uint8)

    crop = align_face(image, np.float32([[-5, 3], [9, 2]]), GEOMETRY, 48, 48)

    assert (crop == 77).all()


def test_a_large_face_is_averaged_and_not_sampled():
    # A pattern of single pixels must become gray. A crop without averaging would sample single
    # pixels.
    image = np.zeros((800, 800), np.uint8)
    image[::2, ::2] = image[1::2, 1::2] = 255

    crop = align_face(image, np.float32([[300, 300], [500, 300]]), GEOMETRY, 48, 48)

    assert 120 <= crop.min() <= crop.max() <= 135


@pytest.mark.parametrize('eyes', [[[5, 5], [5, 5]], [[np.nan, 0], [3, 3]], [[0, 0], [np.inf, 3]]])
def test_eyes_that_are_no_two_points_are_refused(eyes):
    with pytest.raises(ValueError, match='must be at two points'):
        align_face(np.zeros((9, 9, 3), np.uint8), np.float32(eyes), GEOMETRY, 48, 48)


def test_the_geometry_of_fer2013_is_level_and_symmetric():
    right, left = FER2013_CROP.right_eye, FER2013_CROP.left_eye

    assert right[1] == left[1]
    assert right[0] + left[0] == pytest.approx(1)
    assert right[0] < left[0]


@pytest.mark.parametrize('left', [(0.3, 0.4), (1.2, 0.4), (0.5,), (0.29, 0.4), (0.3, 0.5)])
def test_a_geometry_that_makes_no_sense_is_refused(left):
    with pytest.raises(ValueError, match='eye'):
        CropGeometry(left_eye=left, right_eye=(0.3, 0.4))
