"""Test that counters and times shared by several threads are used under the lock."""

import pytest

from fer_ros.node.health.image_log import ImageLog
from fer_ros.node.health.statistics import Statistics
from guarded import guard

# Together, these calls read and write all attributes of the statistics.
ACTS = {
    'begin': lambda one: one.begin(),
    'refuse': lambda one: one.refuse('no image'),
    'lose': lambda one: one.lose('NaN'),
    'arrive': lambda one: one.arrive(),
    'finish': lambda one: one.finish(faces=1, age=0.1),
    'silence': lambda one: one.silence,
    'images': lambda one: one.images,
    'period': lambda one: one.period,
    'age': lambda one: one.age,
    'faceless': lambda one: one.faceless,
    'values': lambda one: one.values(),
}


def guarded_statistics():
    statistics = Statistics()
    guard(
        statistics,
        read=['_arrivals', '_ages', '_stages', '_last_face', '_first_answer'],
        written=['received', 'processed', 'refused', 'lost', 'unanswered', 'faces', 'last_error'],
    )
    return statistics


@pytest.mark.parametrize('name', ACTS)
def test_statistics_are_used_under_their_lock(name):
    ACTS[name](guarded_statistics())


def test_a_stage_is_noted_under_the_lock_and_measured_without_it():
    statistics = guarded_statistics()

    with statistics.stage('detect'):
        assert not statistics._lock.held


def test_the_log_of_images_is_kept_under_its_lock():
    lines = []
    log = ImageLog(lines.append, lambda: 1.0)
    guard(
        log,
        read=['_changes', '_allowed'],
        written=['_kind', '_changes', '_since', '_logged', '_allowed', '_refilled'],
    )

    log.begin()
    for width in (4, 5):
        log.see(3, width, 'bgr8')
        log.tell('/image, reliable', '/camera', 10, 0.1)
    log.lose()

    assert lines == [
        '4x3 bgr8 at 10 Hz on /image, reliable',
        '5x3 bgr8 at 10 Hz on /image, reliable',
    ]
