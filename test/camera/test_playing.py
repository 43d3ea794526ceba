from itertools import pairwise
from pathlib import Path
import threading

import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.parameter import Parameter

from camera_topics import levels_of
from camera_topics import listen
from fer_ros.camera import camera_node
from fer_ros.camera.camera_node import CameraNode
from fer_ros.sources import live
from fer_ros.sources import webcam
from graph import PATIENCE
from graph import wait_until

# Sources


def test_a_folder_is_published_once_in_order_and_then_the_node_ends(graph, folder, run):
    (folder / '5.jpg').write_bytes(b'broken')
    process = run(source=folder, rate=5)
    inbox = listen(graph)

    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert log.count('5.jpg') == 1
    assert '3 images published, 1 skipped' in log
    wait_until(lambda: len(inbox.messages) >= 3)
    assert levels_of(inbox.messages) == [10, 20, 30]
    assert [message.height for message in inbox.messages] == [48, 48, 20]


@pytest.mark.parametrize(
    ('parameters', 'frames'),
    [
        ({}, {'camera/picture_1', 'camera/picture_2', 'camera/picture_3'}),
        ({'frame_id': ''}, {'picture_1', 'picture_2', 'picture_3'}),
        ({'sequence': True}, {'camera'}),
    ],
)
def test_each_picture_of_a_folder_has_its_frame_unless_it_is_a_sequence(
    graph, camera, folder, parameters, frames
):
    inbox = listen(graph)

    node = camera(source=str(folder), loop=True, rate=50.0, **parameters)
    wait_until(lambda: len(inbox.messages) >= 9)
    node.stop()

    assert {message.header.frame_id for message in inbox.messages} == frames


def test_a_video_is_published_to_its_end(graph, video, run):
    process = run(source=video)
    inbox = listen(graph)

    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert '6 images' in log
    wait_until(lambda: len(inbox.messages) >= 6)
    assert levels_of(inbox.messages) == pytest.approx([0, 40, 80, 120, 160, 200], abs=3)


def test_a_source_that_ends_waits_for_a_listener(graph, folder, run):
    process = run(source=folder, rate=100)
    while 'waiting for a subscriber' not in process.stdout.readline():
        assert process.poll() is None
    inbox = listen(graph)

    assert process.wait(PATIENCE) == 0
    wait_until(lambda: len(inbox.messages) >= 1)


def test_a_video_loops(graph, camera, video):
    inbox = listen(graph)

    node = camera(source=str(video), loop=True, rate=50.0)
    wait_until(lambda: len(inbox.messages) >= 20)
    node.stop()

    levels = levels_of(inbox.messages)
    assert any(later < earlier for earlier, later in pairwise(levels))
    assert max(levels) > 150


def test_one_picture_repeats_with_loop_and_is_scaled(graph, camera, folder):
    inbox = listen(graph)

    camera(source=str(folder / '1.png'), loop=True, rate=20.0, width=32)
    wait_until(lambda: len(inbox.messages) >= 3)

    assert {(one.height, one.width, one.step) for one in inbox.messages} == {(24, 32, 96)}


def test_a_webcam_is_published_and_may_go_and_come_back(graph, camera, monkeypatch):
    class Device:
        plugged = True

        def set(self, what, value):
            pass

        def grab(self):
            threading.Event().wait(0.01)
            return self.plugged

        def retrieve(self):
            return True, np.full((48, 64, 3), 99, np.uint8)

        def read(self):
            return self.retrieve()

        def release(self):
            pass

    device = Device()
    monkeypatch.setattr(live, 'RETRY_PERIOD', 0.05)
    monkeypatch.setattr(webcam, 'open_device', lambda _: device if device.plugged else None)
    exists = Path.exists
    monkeypatch.setattr(Path, 'exists', lambda path: str(path) == '/dev/video0' or exists(path))
    inbox = listen(graph)

    # A user may type the device number as an integer.
    node = camera(source=0)
    assert node.get_parameter('source').value == '0'
    inbox.wait_for(lambda message: levels_of([message]) == [99])

    device.plugged = False
    wait_until(lambda: node._source._capture is None)
    seen = len(inbox.messages)
    device.plugged = True
    wait_until(lambda: len(inbox.messages) > seen + 2)
    node.stop()


def test_images_come_in_step_whatever_a_single_one_costs(domain_id, folder, monkeypatch):
    """The schedule follows the clock, so a slow image does not delay the images after it."""
    waits = []

    class Stopping(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            clock['now'] += timeout
            return len(waits) > 8

    clock = {'now': 100.0}
    costs = iter([0.0, 0.02, 0.0, 0.09, 0.0, 0.35, 0.0, 0.0, 0.0])
    shown = []

    def publish(self, image):
        shown.append(round(clock['now'] - 100, 6))
        clock['now'] += next(costs)

    monkeypatch.setattr(camera_node, 'Event', Stopping)
    monkeypatch.setattr(camera_node.time, 'monotonic', lambda: clock['now'])
    monkeypatch.setattr(CameraNode, '_publish', publish)
    context = Context()
    rclpy.init(context=context, domain_id=domain_id)

    node = CameraNode(
        context=context,
        parameter_overrides=[
            Parameter('source', value=str(folder)),
            Parameter('loop', value=True),
            Parameter('rate', value=10.0),
        ],
    )
    node.start()
    node._worker.join(PATIENCE)
    node.destroy_node()
    context.try_shutdown()

    # The sixth image takes longer than one period. A new schedule starts at its end.
    assert shown[:6] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert shown[6:] == [0.85, 0.95]


class Silent:
    """A source that has no image three times in succession."""

    name, endless, skipped = 'silent', True, 0

    def __iter__(self):
        yield from [(None, 0.5)] * 3


@pytest.fixture
def waiting(graph, folder, monkeypatch):
    """Return a node whose clock stays at 100 s, and the times that it waits for."""
    node = CameraNode(
        context=graph.context, parameter_overrides=[Parameter('source', value=str(folder))]
    )
    waits = []
    monkeypatch.setattr(node, '_wait_until', lambda due: waits.append(due))
    monkeypatch.setattr(camera_node.time, 'monotonic', lambda: 100.0)
    yield node, waits
    node.destroy_node()


def test_a_source_without_an_image_is_asked_again_after_its_period(waiting):
    node, waits = waiting
    node._source = Silent()

    assert node._play()

    assert waits == [100.5] * 4


def test_listeners_are_looked_for_at_intervals_and_given_time_to_settle(waiting, monkeypatch):
    node, waits = waiting
    counts = iter([0, 0, 0, 1])
    monkeypatch.setattr(node, '_listeners', lambda: next(counts))

    node._wait_for_listener()

    look, settle = 100 + camera_node.LOOK_PERIOD, 100 + camera_node.SETTLE_TIME
    assert waits == [look, look, settle]
