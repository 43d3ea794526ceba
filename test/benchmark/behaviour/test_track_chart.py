import numpy as np
import pytest

from benchmark.rig.watching import Watched
from fer_ros.perception.faces import Face

track_chart = pytest.importorskip('benchmark.behaviour.track_chart', reason='it needs matplotlib')

ONE, OTHER = (0.0, 0.0, 40.0, 40.0), (200.0, 0.0, 240.0, 40.0)

# Person 1 has another id in frame 2, and person 2 is lost in frame 1. Frame 2 also contains a face
# that belongs to no person.
FRAMES = [{7: ONE, 8: OTHER}, {7: ONE}, {9: ONE, 8: OTHER, 5: (400.0, 0.0, 440.0, 40.0)}]
ANNOTATION = {number: {1: ONE, 2: OTHER} for number in range(3)}


def watched(frames):
    faces = [
        [Face(id_, box, 0.9, np.array([1.0]), 'happy') for id_, box in frame.items()]
        for frame in frames
    ]
    return Watched(times=[number / 10 for number in range(len(frames))], faces=faces)


def cells_of(figure):
    """Return the colour of each cell by its row and frame, and the numbers on the chart."""
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    cells = {}
    for cell in axes.patches:
        row = round(cell.get_y() + cell.get_height() / 2)
        cells[names[row], cell.get_x()] = cell.get_facecolor()[:3]
    numbers = [(names[round(one.get_position()[1])], one.get_text()) for one in axes.texts]
    return names, cells, numbers


def test_each_person_has_a_row_and_each_id_a_colour_and_a_number_where_it_begins():
    names, cells, numbers = cells_of(track_chart.draw(watched(FRAMES), ANNOTATION))

    lost = pytest.approx((0xDD / 255,) * 3)
    assert names == ['person 1', 'person 2', 'nobody']
    assert cells == {
        ('person 1', 0): pytest.approx(track_chart.colour_of(7)),
        ('person 1', 1): pytest.approx(track_chart.colour_of(7)),
        ('person 1', 2): pytest.approx(track_chart.colour_of(9)),
        ('person 2', 0): pytest.approx(track_chart.colour_of(8)),
        ('person 2', 1): lost,
        ('person 2', 2): pytest.approx(track_chart.colour_of(8)),
        ('nobody', 2): pytest.approx(track_chart.colour_of(5)),
    }
    # The chart prints an id only at its first cell, not again when the id returns.
    assert numbers == [('person 1', '7'), ('person 1', '9'), ('person 2', '8'), ('nobody', '5')]


def test_without_an_annotation_each_id_has_a_row():
    names, cells, _ = cells_of(track_chart.draw(watched(FRAMES), None))

    assert names == ['id 7', 'id 8', 'id 9', 'id 5']
    assert len(cells) == 6


def test_a_video_of_nobody_has_a_chart_too():
    assert track_chart.chart(watched([]), None).startswith('<svg')
    assert track_chart.chart(watched([{}, {}]), None).rstrip().endswith('</svg>')


def test_the_same_answers_make_the_same_element():
    element = track_chart.chart(watched(FRAMES), ANNOTATION)

    assert element == track_chart.chart(watched(FRAMES), ANNOTATION)
    assert element.count('<g id="row') == 7
    assert 'person 2</text>' in element


def test_ids_that_follow_each_other_have_colours_that_differ():
    colours = np.array([track_chart.colour_of(id_) for id_ in range(6)])
    differences = np.abs(colours[:, None] - colours).sum(axis=2)

    assert differences[~np.eye(6, dtype=bool)].min() > 0.3
