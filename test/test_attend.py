"""The examples that attend to a person: a plain node and a behaviour tree."""

import importlib.util
from pathlib import Path

import pytest

rclpy = pytest.importorskip('rclpy')

EXAMPLES = Path(__file__).resolve().parents[1] / 'examples'


def example(name):
    """Load an example."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def message(**states):
    """Return the attention of faces: attending faces have their distance, others None."""
    from vision_msgs.msg import Detection2D
    from vision_msgs.msg import Detection2DArray
    from vision_msgs.msg import ObjectHypothesisWithPose

    faces = []
    for id_, distance in states.items():
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id = 'away' if distance is None else 'attending'
        result.pose.pose.position.z = float(distance or 1.0)
        faces.append(Detection2D(id=id_[1:], results=[result]))
    return Detection2DArray(detections=faces)


class Clock:
    def __init__(self):
        self.time = 100.0

    def __call__(self):
        return self.time


@pytest.fixture(params=['attend', 'attend_tree'])
def people(request, graph, monkeypatch):
    """Return a function that shows people for a time, and returns who is attended to."""
    if request.param == 'attend_tree':
        pytest.importorskip('py_trees')
    module = example(request.param)
    clock = Clock()
    if request.param == 'attend':
        behaviour = graph.add(module.Attend(context=graph.context))
        monkeypatch.setattr(module.Attend, 'now', lambda self: clock())
        tick = behaviour._rest
    else:
        node = graph.listener('tree')
        behaviour = module.Attend(node)
        behaviour.now = clock
        tick = behaviour.tick_once

    def show(seconds, **states):
        for _ in range(round(seconds / 0.1)):
            clock.time += 0.1
            behaviour._on_attention(message(**states))
            tick()
        return behaviour._person

    return show


def test_nobody_is_attended_to_at_first(people):
    assert people(1.0) == ''
    assert people(1.0, p1=None) == ''


def test_the_nearest_attending_person_is_chosen(people):
    assert people(0.5, p1=3.0, p2=1.5, p3=None) == '2'


def test_another_person_does_not_take_over(people):
    people(0.5, p1=3.0)

    assert people(5.0, p1=3.0, p2=1.0) == '1'
    # A short glance aside changes nothing.
    assert people(0.5, p1=None, p2=1.0) == '1'
    assert people(1.0, p1=3.0, p2=1.0) == '1'


def test_a_person_who_looks_away_loses_the_robot_to_another(people):
    people(0.5, p1=3.0, p2=None)

    assert people(1.5, p1=None, p2=2.0) == '2'


def test_the_robot_is_idle_after_two_seconds_without_anybody(people):
    people(0.5, p1=3.0)

    assert people(1.8, p1=None) == '1'
    assert people(0.5, p1=None) == ''


@pytest.mark.parametrize('name', ['attend', 'attend_tree'])
def test_an_example_has_less_than_sixty_lines_of_code(name):
    lines = (EXAMPLES / f'{name}.py').read_text(encoding='utf-8').splitlines()

    assert sum(bool(line.strip()) for line in lines) < 60
