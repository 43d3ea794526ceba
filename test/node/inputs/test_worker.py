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
