from hypothesis import given
from hypothesis import settings
from hypothesis import strategies
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo

from depth_camera import camera_info
from depth_camera import SIZE
from fer_ros.messages.calibration import to_camera_model
from fer_ros.messages.topic_names import is_rectified
from fer_ros.perception.space.camera_model import CalibrationError

# Calibration


@pytest.mark.parametrize(
    ('topic', 'rectified'),
    [
        ('/camera/image_rect', True),
        ('/camera/image_rect_color', True),
        ('/camera/image_rect/compressed', True),
        ('/camera/image_raw/compressed', False),
        ('/image_rect/image_raw', False),
        ('/camera/image_raw', False),
        ('image', False),
    ],
)
def test_rectified_images_are_known_by_their_topic(topic, rectified):
    assert is_rectified(topic) == rectified


def test_the_rectified_image_is_described_by_p_and_its_own_by_k_and_d():
    p = [500.0, 0.0, 300.0, -25.0, 0.0, 510.0, 200.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    message = camera_info(p=p, d=[-0.2, 0.1, 0.0, 0.0, 0.0])

    own = to_camera_model(message, False, SIZE)
    rectified = to_camera_model(message, True, SIZE)

    assert (own.focal_lengths, own.centre) == ((600.0, 600.0), (319.5, 239.5))
    assert own.distortion == (-0.2, 0.1, 0.0, 0.0, 0.0)
    assert (rectified.focal_lengths, rectified.centre) == ((500.0, 510.0), (300.0, 200.0))
    assert rectified.distortion == ()
    # Some drivers fill in only K.
    of_k = to_camera_model(camera_info(), False, SIZE)
    assert to_camera_model(camera_info(), True, SIZE) == of_k


def test_binning_and_the_region_of_interest_are_reckoned_with():
    message = camera_info(height=960, width=1280, binning_x=2, binning_y=2)
    message.roi.x_offset, message.roi.y_offset = 100, 60
    message.roi.width, message.roi.height = 1000, 800

    made = to_camera_model(message, False, SIZE)

    assert made.size == (400, 500)
    assert made.focal_lengths == (300.0, 300.0)
    assert made.centre == (109.75, 89.75)


def test_a_calibration_without_a_size_is_taken_for_the_images():
    assert to_camera_model(camera_info(height=0, width=0), False, (48, 64)).size == (48, 64)


@settings(max_examples=300, deadline=None)
@given(
    k=strategies.lists(strategies.floats(), min_size=9, max_size=9),
    p=strategies.lists(strategies.floats(), min_size=12, max_size=12),
    d=strategies.lists(strategies.floats(), max_size=14),
    model=strategies.sampled_from(['plumb_bob', 'rational_polynomial', 'equidistant', '']),
    size=strategies.tuples(strategies.integers(0, 2**32 - 1), strategies.integers(0, 2**32 - 1)),
    binning=strategies.integers(0, 2**32 - 1),
    rectified=strategies.booleans(),
    pixel=strategies.tuples(strategies.floats(0, 20000), strategies.floats(0, 20000)),
)
def test_any_calibration_gives_a_direction_or_none_or_a_sentence(
    k, p, d, model, size, binning, rectified, pixel
):
    message = CameraInfo(
        k=k, p=p, d=d, distortion_model=model, height=size[0], width=size[1], binning_x=binning
    )
    try:
        direction = to_camera_model(message, rectified, SIZE).direction(*pixel)
    except CalibrationError:
        return

    assert direction is None or np.isfinite(direction).all()
