import threading
import weakref

import pytest

from fer_ros.node.inputs.worker import Worker
from graph import PATIENCE
from graph import wait_until


class Frame:
    """A stand-in for a large message."""


@pytest.fixture
def worked():
    return threading.Event()


@pytest.fixture
def worker(worked):
    made = Worker(lambda _: worked.set())
    yield made
    made.stop()


def test_a_frame_is_let_go_when_its_work_is_done_and_no_other_has_come(worker, worked):
    frame = Frame()
    reference = weakref.ref(frame)

    worker.put(frame)
    del frame
    assert worked.wait(PATIENCE)

    wait_until(lambda: reference() is None)


@pytest.mark.parametrize('first', [3600.0, 1e10, float('inf')])
def test_another_period_holds_at_once_however_long_the_first_was(first):
    periods, worked = [first], []
    worker = Worker(worked.append, lambda: periods[0])
    try:
        worker.put(1)
        wait_until(lambda: worked == [1])
        worker.put(2)
        # With one long wait, or an error in it, the second frame would never be processed.
        periods[0] = 0.0
        wait_until(lambda: worked == [1, 2])
    finally:
        worker.stop()


def test_the_work_ends_with_the_frame_in_it(worked):
    began, may_end = threading.Event(), threading.Event()

    def work(_):
        began.set()
        assert may_end.wait(PATIENCE)
        worked.set()

    worker = Worker(work)
    worker.put(Frame())
    assert began.wait(PATIENCE)
    assert worker.busy > 0
    may_end.set()

    worker.stop()

    assert worked.is_set()
    assert worker.busy == 0
