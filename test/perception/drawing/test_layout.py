from hypothesis import given
from hypothesis import settings
from hypothesis import strategies
import numpy as np

from fer_ros.perception.drawing.layout import find_corner
from fer_ros.perception.drawing.layout import lay_out
from fer_ros.perception.drawing.layout import NO_BLOCK
from fer_ros.perception.drawing.layout import Place

SHAPE = (240, 320)
SIZES = [(20, 15), (60, 15), (80, 90)]


def block(place, sizes=SIZES):
    width, height = sizes[place.choice]
    return place.left, place.top, place.left + width, place.top + height


def overlap(one, other):
    return min(one[2], other[2]) > max(one[0], other[0]) and min(one[3], other[3]) > max(
        one[1], other[1]
    )


def lay_out_all(boxes, shape=SHAPE):
    return lay_out(np.array(boxes).reshape(-1, 4), [SIZES] * len(boxes), shape)


def test_nothing_has_no_place():
    assert lay_out_all([]) == []


def test_a_face_alone_has_its_largest_block_above_it():
    assert lay_out_all([(100, 120, 140, 170)]) == [Place(2, 100, 30, 0)]


def test_a_block_without_room_above_stands_beside():
    (place,) = lay_out_all([(100, 0, 140, 50)])

    assert place == Place(2, 140, 0, 3)


def test_a_face_that_fills_the_image_has_its_block_in_a_corner():
    (place,) = lay_out_all([(0, 0, 320, 240)])

    assert place == Place(2, 0, 150, 12)


def test_where_there_is_no_room_the_smallest_block_stands_on_its_own_box():
    boxes = [(0, 0, 40, 40), (40, 0, 80, 40), (0, 40, 40, 80), (40, 40, 80, 80)]

    places = lay_out_all(boxes, (80, 80))

    assert [place.choice for place in places] == [0, 0, 0, 0]
    assert [(place.left, place.top) for place in places] == [box[:2] for box in boxes]


def test_a_block_covers_no_obstacle():
    boxes, obstacle = np.array([(100, 120, 140, 170)]), np.array([(90, 60, 160, 110)])

    (free,) = lay_out(boxes, [SIZES], SHAPE)
    (place,) = lay_out(boxes, [SIZES], SHAPE, obstacles=obstacle)

    assert overlap(block(free), obstacle[0])
    assert not overlap(block(place), obstacle[0])
    assert place.choice == 2


def test_a_block_that_would_cover_another_box_on_its_own_box_is_left_out():
    # The second box covers the upper edge of the first one, the third box the lower edge.
    boxes = np.array([(0, 0, 320, 240), (0, 0, 320, 120), (0, 120, 320, 240)])

    places = lay_out(boxes, [[(300, 100)]] * 3, SHAPE)

    assert [place.choice for place in places] == [NO_BLOCK] * 3


def test_a_box_larger_than_the_image_has_its_block_in_a_corner():
    (place,) = lay_out_all([(-3, -3, 323, 243)])

    assert place == Place(2, 0, 150, 12)


def test_everybody_has_a_small_block_before_anybody_has_a_larger_one():
    boxes = [(0, 100, 150, 150), (155, 100, 300, 150)]

    places = lay_out(np.array(boxes), [[(150, 60), (320, 80)]] * 2, (215, 320))

    assert [place.choice for place in places] == [0, 0]


def test_of_two_faces_that_compete_for_room_the_larger_one_has_a_block():
    # The strip between the boxes has room for one block.
    small, large = (0, 60, 30, 90), (40, 0, 120, 40)

    places = lay_out(np.array([small, large]), [[(100, 20)]] * 2, (90, 120))

    assert (places[1].left, places[1].top) == (20, 40)
    assert places[0].side == -1


def test_a_block_stays_on_its_side_while_it_can():
    boxes = np.array([(100, 10, 140, 50)])
    (beside,) = lay_out(boxes, [SIZES], SHAPE)

    lower, border = boxes.copy(), boxes.copy()
    lower[:, 1::2] += 100
    border[:, ::2] += 150
    (still,) = lay_out(lower, [SIZES], SHAPE, [beside])
    (afresh,) = lay_out(lower, [SIZES], SHAPE)
    (moved,) = lay_out(border, [SIZES], SHAPE, [beside])

    assert (beside.left, still.left) == (140, 140)
    assert afresh.left == 100
    # At the image border, there is no room at the right.
    assert moved.left < 250


def test_a_block_that_just_fits_is_kept_and_not_taken():
    # The largest block is 80 pixels wide, and fits only at the right.
    boxes = np.array([(0, 0, 40, 100), (121, 0, 161, 100)])
    sizes = [[(20, 15), (80, 90)], [(1, 1), (400, 400)]]

    (small, other) = lay_out(boxes, sizes, (100, 300), [Place(0, 40, 0, 3), None])
    (large, _) = lay_out(boxes, sizes, (100, 300), [Place(1, 40, 0, 3), None])

    assert (small.choice, large.choice) == (0, 1)
    assert (small.side, large.side) == (3, 3)
    assert other.choice == 0


places_of_faces = strategies.lists(
    strategies.tuples(
        strategies.integers(0, 300),
        strategies.integers(0, 220),
        strategies.integers(1, 20),
        strategies.integers(1, 20),
    ),
    max_size=20,
)


@given(places_of_faces)
@settings(deadline=None)
def test_no_block_hides_the_box_of_another_face_or_another_block(found):
    boxes = [(left, top, left + width, top + height) for left, top, width, height in found]

    places = lay_out_all(boxes)

    drawn = [index for index, place in enumerate(places) if place.choice != NO_BLOCK]
    blocks = {index: block(places[index]) for index in drawn}
    for index, one in blocks.items():
        assert one[0] >= 0
        assert one[1] >= 0
        assert one[2] <= 320
        assert one[3] <= 240
        others = [number for number in range(len(boxes)) if number != index]
        assert not any(overlap(one, boxes[number]) for number in others)
        assert not any(overlap(one, blocks[number]) for number in others if number in blocks)
        if overlap(one, boxes[index]):
            assert places[index].choice == 0


def test_a_free_corner_is_found_or_none():
    lower = np.array([(0, 200, 320, 240)])

    assert find_corner([(100, 30)], lower, SHAPE) == Place(0, 0, 0)
    assert find_corner([(400, 30), (60, 30)], lower, SHAPE) == Place(1, 0, 0)
    assert find_corner([(100, 30)], np.array([(0, 0, 320, 240)]), SHAPE) is None
