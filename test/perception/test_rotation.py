import numpy as np
import pytest

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.faces import Face
from fer_ros.perception.rotation import ROTATIONS
from fer_ros.perception.rotation import turn_back
from fer_ros.perception.rotation import turn_box_back
from fer_ros.perception.rotation import turn_upright
from results import result_of

BOX = (10, 20, 50, 90)


def marked(box, size=(120, 200)):
    """Create an image that is white inside a box."""
    image = np.zeros((*size, 3), np.uint8)
    left, top, right, bottom = (int(value) for value in box)
    image[top:bottom, left:right] = 255
    return image


def box_of(image):
    """Return the box around the white pixels of an image."""
    rows, columns = np.nonzero(image[:, :, 0])
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize('rotation', ROTATIONS)
def test_a_box_is_turned_back_to_the_same_pixels(rotation):
    image = marked(BOX)

    upright = turn_upright(image, rotation)

    assert turn_box_back(box_of(upright), rotation, image.shape[:2]) == BOX


def test_the_image_of_a_camera_that_is_rotated_clockwise_is_turned_clockwise():
    # The top of the scene is at the left of this image.
    image = marked((0, 0, 20, 120))

    assert box_of(turn_upright(image, 90)) == (0, 0, 120, 20)
    assert box_of(turn_upright(image, 180)) == (180, 0, 200, 120)
    assert box_of(turn_upright(image, 270)) == (0, 180, 120, 200)


def test_an_image_without_rotation_is_not_copied():
    image = marked(BOX)

    assert turn_upright(image, 0) is image


@pytest.mark.parametrize('rotation', ROTATIONS)
def test_all_boxes_and_the_size_of_a_result_are_turned_back(rotation):
    image = marked(BOX)
    upright = turn_upright(image, rotation)
    face = Face(3, box_of(upright), 0.9, np.full(7, 1 / 7), 'happy')
    found = result_of(face, labels=FER2013_LABELS, image_size=upright.shape[:2])

    result = turn_back(found, rotation)

    assert result.image_size == (120, 200)
    assert [one.box for one in result.faces] == [BOX]
    assert (result.faces[0].id, result.faces[0].emotion) == (3, 'happy')
    assert result.held_ids == {3}
