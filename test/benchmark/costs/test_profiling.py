import numpy as np

from benchmark.costs.profiling import steps_of
from fer_ros.perception import boxes

BOXES = np.array([[0.0, 0.0, 10.0, 10.0]] * 50)


def test_the_time_of_a_file_is_told_with_what_it_calls():
    steps = steps_of(lambda _: boxes.overlaps(BOXES, BOXES), 20)

    assert steps['boxes'] > 0
    # The time of native functions is added to the file that calls them.
    assert set(steps) <= {'boxes', 'numpy', 'test_profiling', 'python', 'profiling'}


def test_the_most_expensive_step_is_the_first():
    steps = steps_of(lambda _: sorted(map(len, [boxes.overlaps(BOXES, BOXES)])), 5)

    assert list(steps.values()) == sorted(steps.values(), reverse=True)
