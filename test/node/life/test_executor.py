import threading

import pytest
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.executors import ExternalShutdownException
from rclpy.executors import SingleThreadedExecutor
from std_msgs.msg import String

from fer_ros.node.life import errors
from fer_ros.node.life.errors import ErrorLog
from fer_ros.node.life.executor import EnduringExecutor
from fer_ros.node.life.process import spin
from graph import PATIENCE
from graph import wait_until


class Logger:
    """Stores the log messages."""

    def __init__(self):
        self.lines = []

    def error(self, line):
        self.lines.append(line)

    def debug(self, line):
        pass


def failing_times(count, done):
    """Create a callback that fails a given number of times, and then sets an event."""
    calls = []

    def callback(*_):
        calls.append(None)
        if len(calls) <= count:
            raise KeyError('unexpected')
        done.set()

    return callback


@pytest.fixture
def publisher(graph):
    return graph.listener('talker').create_publisher(String, 'words', 10)


def publish_until(publisher, event):
    """
    Publish until an event is set.

    The first messages may precede the discovery of the subscription.
    """

    def is_set():
        publisher.publish(String(data='word'))
        return event.is_set()

    wait_until(is_set)


@pytest.mark.parametrize('executor_type', [EnduringExecutor, SingleThreadedExecutor])
def test_a_subscription_goes_on_after_its_callback_failed(graph, publisher, executor_type):
    done = threading.Event()
    node = rclpy.create_node('hearer', context=graph.context)
    node.create_subscription(String, 'words', failing_times(3, done), 10)
    graph.add(node, executor_type)

    publish_until(publisher, done)


def test_a_callback_group_goes_on_after_a_message_could_not_be_taken(
    graph, publisher, monkeypatch, capfd
):
    heard, ticked = threading.Event(), threading.Event()
    group = MutuallyExclusiveCallbackGroup()
    node = rclpy.create_node('hearer', context=graph.context)
    words = node.create_subscription(
        String, 'words', lambda _: heard.set(), 10, callback_group=group
    )
    failures = failing_times(3, threading.Event())
    taken = EnduringExecutor._take_subscription

    def take(self, subscription):
        if subscription is words:
            failures()
        return taken(self, subscription)

    monkeypatch.setattr(EnduringExecutor, '_take_subscription', take)
    graph.add(node)

    publish_until(publisher, heard)
    node.create_timer(0.01, ticked.set, callback_group=group)
    assert ticked.wait(PATIENCE)
    assert "subscription /words failed: KeyError: 'unexpected'" in capfd.readouterr().err


def test_spinning_goes_on_after_an_error_of_the_executor_itself(graph, capfd):
    failures = [RuntimeError('not now\x1b[2J'), MemoryError()]

    class Executor(SingleThreadedExecutor):
        def spin(self):
            if failures:
                raise failures.pop()

    executor = Executor(context=graph.context)

    spin(executor)

    assert not failures
    logged = capfd.readouterr().err
    assert r'RuntimeError: not now\x1b[2J' in logged
    assert 'MemoryError' in logged


@pytest.mark.parametrize('end', [ExternalShutdownException, KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_also_ends_spinning(graph, end):
    class Executor(SingleThreadedExecutor):
        def spin(self):
            raise end

    with pytest.raises(end):
        spin(Executor(context=graph.context))


def test_repeated_errors_are_counted_in_one_line(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(errors.time, 'monotonic', lambda: now[0])
    log, logger = ErrorLog(), Logger()

    for _ in range(5):
        log.report(logger, 'timer', ValueError('one'))
    log.report(logger, 'timer', KeyError('another type'))
    log.report(logger, 'service', ValueError('another subject'))
    now[0] += errors.ERROR_PERIOD
    log.report(logger, 'timer', ValueError('one'))

    assert logger.lines == [
        'timer failed: ValueError: one',
        "timer failed: KeyError: 'another type'",
        'service failed: ValueError: another subject',
        'timer failed: ValueError: one (repeated 4 times since the last report)',
    ]


def test_the_text_of_an_error_is_cut_and_cannot_forge_a_line():
    logger = Logger()

    ErrorLog().report(logger, 'timer', ValueError('\n[FATAL] forged\x1b[2J' * 100_000))

    (line,) = logger.lines
    assert line.isprintable()
    assert len(line) < 400
