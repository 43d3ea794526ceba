import warnings

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies
import numpy as np
import pytest

from fer_ros.perception.faces import Face
from fer_ros.perception.space.camera_model import CalibrationError
from fer_ros.perception.space.camera_model import camera_model
from fer_ros.perception.space.depth import decode_depth
from fer_ros.perception.space.depth import DepthError
from fer_ros.perception.space.depth import DepthImage
from fer_ros.perception.space.depth import locate_face
from fer_ros.perception.space.depth import measure_depth

SIZE = (480, 640)
CAMERA = camera_model(SIZE, [600.0, 0, 319.5, 0, 600.0, 239.5, 0, 0, 1], '', [])
BOX = (280.0, 180.0, 360.0, 280.0)


def face(box=BOX):
    return Face(1, box, 0.9, np.array([1.0]), 'happy')


def scene(size=SIZE, wall=3.0, distance=1.2, box=BOX):
    """Create the depth image of a head before a wall, in metres, with the noise of a camera."""
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[: size[0], : size[1]]
    rows, columns = (rows + 0.5) * SIZE[0] / size[0], (columns + 0.5) * SIZE[1] / size[1]
    left, top, right, bottom = box
    across = (columns - (left + right) / 2) / (0.45 * (right - left))
    down = (rows - (top + bottom) / 2) / (0.5 * (bottom - top))
    radius = across**2 + down**2
    # An ellipsoid that extends 0.1 m towards the camera.
    head = distance + 0.1 * (1 - np.sqrt(np.clip(1 - radius, 0, 1)))
    values = np.where(radius < 1, head, wall) + random.normal(0, 0.003, size)
    return values.astype(np.float32)


def metres(values):
    return DepthImage(np.asarray(values, np.float32), 1.0)


# Decoding


@pytest.mark.parametrize('big', [False, True])
@pytest.mark.parametrize('padding', [0, 1, 6])
@pytest.mark.parametrize(
    ('encoding', 'kind', 'unit'),
    [('16UC1', 'u2', 1e-3), ('mono16', 'u2', 1e-3), ('32FC1', 'f4', 1.0), ('16uc1', 'u2', 1e-3)],
)
def test_every_encoding_byte_order_and_padding_is_read(encoding, kind, unit, padding, big):
    values = np.array([[0.5, 1.0, 2.5], [0.0, 4.125, 8.0]])
    rows = (values / unit).astype(('>' if big else '<') + kind)
    data = b''.join(row.tobytes() + b'\xff' * padding for row in rows)
    step = 3 * rows.itemsize + padding

    depth = decode_depth(np.frombuffer(data, np.uint8), 2, 3, encoding, step, big)

    assert depth.values * depth.metres == pytest.approx(values)


@pytest.mark.parametrize(
    ('changed', 'reason'),
    [
        ({'encoding': 'bgr8'}, "'bgr8', but a depth image must have"),
        ({'encoding': '64FC1'}, "'64FC1', but a depth image must have"),
        ({'height': 0}, '640x0, but must be at least 1x1'),
        ({'step': 1279}, 'the step is 1279 bytes, but must be at least 1280'),
        (
            {'data': np.zeros(480 * 1280 - 1, np.uint8)},
            'the data are 614399 bytes, but must be at least 614400',
        ),
        ({'encoding': '32FC1'}, 'the step is 1280 bytes, but must be at least 2560'),
    ],
)
def test_what_is_not_what_it_says_is_refused_in_a_sentence(changed, reason):
    right = {
        'data': np.zeros(480 * 1280, np.uint8),
        'height': 480,
        'width': 640,
        'encoding': '16UC1',
        'step': 1280,
        'is_bigendian': False,
    }

    with pytest.raises(DepthError, match=reason):
        decode_depth(**{**right, **changed})


@settings(max_examples=300, deadline=None)
@given(
    data=strategies.binary(max_size=300),
    height=strategies.integers(0, 20),
    width=strategies.integers(0, 20),
    encoding=strategies.sampled_from(['16UC1', 'mono16', '32FC1', 'bgr8', '', 'ü']),
    step=strategies.integers(0, 60),
    big=strategies.booleans(),
    box=strategies.tuples(*[strategies.floats(0, 20)] * 4),
)
def test_any_bytes_give_a_plausible_depth_or_none_or_a_sentence(
    data, height, width, encoding, step, big, box
):
    box = (min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3]))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        try:
            depth = decode_depth(np.frombuffer(data, np.uint8), height, width, encoding, step, big)
        except DepthError:
            return
        found = measure_depth(depth, box)

    if found is not None:
        assert 0 < found[0] < float('inf')
        assert 0 <= found[1] < float('inf')


# Measuring


def test_a_face_is_as_far_as_its_middle_and_not_as_the_wall():
    distance, spread = measure_depth(metres(scene()), BOX)

    assert distance == pytest.approx(1.21, abs=0.01)
    assert 0.002 < spread < 0.03


def test_holes_are_no_distances():
    values = scene()
    random = np.random.default_rng(3)
    for nothing in (0.0, np.nan, np.inf, -np.inf, -1.0):
        values[random.random(SIZE) < 0.12] = nothing

    distance, _ = measure_depth(metres(values), BOX)

    assert distance == pytest.approx(1.21, abs=0.01)


def test_holes_of_whole_numbers_are_no_distances():
    values = (1000 * scene()).astype(np.uint16)
    values[np.random.default_rng(3).random(SIZE) < 0.5] = 0

    distance, _ = measure_depth(DepthImage(values, 0.001), BOX)

    assert distance == pytest.approx(1.21, abs=0.01)


@pytest.mark.parametrize('nothing', [0.0, np.nan])
def test_too_few_distances_are_none(nothing):
    values = scene()
    values[np.random.default_rng(3).random(SIZE) < 0.8] = nothing

    assert measure_depth(metres(values), BOX) is None
    assert measure_depth(metres(np.full(SIZE, nothing)), BOX) is None


def test_what_is_scattered_over_metres_is_no_face():
    values = np.random.default_rng(5).uniform(1, 6, SIZE)

    assert measure_depth(metres(values), BOX) is None


def test_a_wall_seen_through_more_than_half_of_the_box_does_not_count():
    values = scene()
    # Three of five rows show walls at 2 to 5 m, so the median of all pixels is far from the face.
    gaps = np.arange(SIZE[0]) % 5 < 3
    values[gaps] = np.random.default_rng(4).uniform(2, 5, (gaps.sum(), 1))

    distance, _ = measure_depth(metres(values), BOX)

    assert float(np.median(values[205:255, 300:340])) > 1.9
    assert distance == pytest.approx(1.21, abs=0.02)


def test_a_hand_before_a_small_part_of_the_face_does_not_count():
    values = scene()
    values[200:225, 300:340] = 0.6

    distance, _ = measure_depth(metres(values), BOX)

    assert distance == pytest.approx(1.21, abs=0.02)


@pytest.mark.parametrize(
    'box',
    [
        (0.0, 0.0, 30.0, 40.0),
        (600.0, 440.0, 640.0, 480.0),
        (0.0, 0.0, 640.0, 480.0),
        (600.0, 440.0, 680.0, 520.0),
        (-40.0, -40.0, 40.0, 40.0),
    ],
)
def test_a_box_at_the_border_or_as_large_as_the_image_is_measured(box):
    assert measure_depth(metres(np.full(SIZE, 2.0)), box) == (2.0, 0.0)


def test_a_box_of_a_few_pixels_is_measured_and_of_less_is_not():
    depth = metres(np.full((4, 4), 2.0))

    assert measure_depth(depth, (0.0, 0.0, 4.0, 4.0)) is None
    assert measure_depth(metres(np.full((6, 6), 2.0)), (0.0, 0.0, 6.0, 6.0)) == (2.0, 0.0)
    assert measure_depth(depth, (4.0, 4.0, 4.0, 4.0)) is None


# Locating


def test_a_face_is_right_and_down_and_forward_of_the_camera():
    box = (419.5, 299.5, 500.5, 360.5)
    values = scene(distance=2.0, box=box)

    position = locate_face(face(box), metres(values), CAMERA, SIZE)

    # The face is 140 and 90 pixels off centre, at a focal length of 600 pixels and a distance of
    # 2.01 m.
    assert position.point == pytest.approx([0.469, 0.3015, 2.01], abs=0.01)


def test_the_same_comes_of_a_depth_image_in_another_size():
    whole = locate_face(face(), metres(scene()), CAMERA, SIZE)
    half = locate_face(face(), metres(scene((240, 320))), CAMERA, SIZE)
    large = locate_face(face(), metres(scene((960, 1280))), CAMERA, SIZE)

    assert half.point == pytest.approx(whole.point, abs=0.01)
    assert large.point == pytest.approx(whole.point, abs=0.01)


def test_a_depth_image_of_another_view_is_refused():
    with pytest.raises(CalibrationError, match='the depth image is 848x480'):
        locate_face(face(), metres(np.ones((480, 848))), CAMERA, SIZE)


def test_where_nothing_is_measured_there_is_no_position():
    assert locate_face(face(), metres(np.zeros(SIZE)), CAMERA, SIZE) is None


def test_where_the_lens_sees_nothing_there_is_no_position():
    matrix = [100.0, 0, 319.5, 0, 100.0, 239.5, 0, 0, 1]
    narrow = camera_model(SIZE, matrix, 'plumb_bob', [-0.28, 0.07, 0, 0, 0])
    depth = metres(np.ones(SIZE))

    assert locate_face(face(), depth, narrow, SIZE) is not None
    assert locate_face(face((0.0, 0.0, 60.0, 60.0)), depth, narrow, SIZE) is None


@pytest.mark.parametrize('focal_length', [1e-300, 1e300])
@pytest.mark.parametrize('centre', [319.5, 1e300])
def test_an_absurd_calibration_gives_finite_numbers_or_none(focal_length, centre):
    matrix = [focal_length, 0, centre, 0, focal_length, 239.5, 0, 0, 1]
    camera = camera_model(SIZE, matrix, '', [])

    with warnings.catch_warnings():
        warnings.simplefilter('error')
        position = locate_face(face(), metres(np.ones(SIZE)), camera, SIZE)

    assert position is None or np.isfinite([position.point, *position.covariance]).all()


def test_the_covariance_is_that_of_points_drawn_by_chance():
    box = (419.5, 299.5, 500.5, 360.5)
    random = np.random.default_rng(11)
    distance, count = 2.0, 20000
    pixels = random.normal([460, 330], [0.05 * 81, 0.05 * 61], (count, 2))
    depths = random.normal(distance, 0.02 * distance, count)
    across, down = ((pixels - [319.5, 239.5]) / 600).T
    points = np.stack([depths * across, depths * down, depths])

    position = locate_face(face(box), metres(np.full(SIZE, distance)), CAMERA, SIZE)

    expected = np.cov(points)
    assert position.covariance == pytest.approx(expected, abs=0.03 * expected.max())
    assert (np.linalg.eigvalsh(position.covariance) > 0).all()


def test_a_noisy_depth_is_less_certain():
    noisy = scene() + np.random.default_rng(2).normal(0, 0.06, SIZE)

    calm = locate_face(face(), metres(scene()), CAMERA, SIZE)
    rough = locate_face(face(), metres(noisy), CAMERA, SIZE)

    assert rough.covariance[2, 2] > 2 * calm.covariance[2, 2]
