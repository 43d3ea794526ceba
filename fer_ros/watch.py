"""Print the detected faces and each change in readable lines: ros2 run fer_ros watch."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import datetime
import io
import math
import os
import sys
import time
from typing import Any

from rclpy.clock import Clock
from rclpy.clock import ClockType
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.validate_topic_name import validate_topic_name
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray

from fer_ros.node.life.process import run_node
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

TYPE = 'vision_msgs/msg/Detection2DArray'

# Waiting time before the tool explains why no message arrives, and period of that check [s].
PATIENCE = 2.0
CHECK_PERIOD = 0.5

# A face is forgotten if no message contains it for this long [s]. The node keeps an unseen face
# for at most one minute, the maximum of `face_timeout`.
MEMORY = 120.0

# A line lists at most this many faces or topics. Ids and labels are cut to this many characters.
MOST_FACES = 16
WORD_LENGTH = 24


class Lines:
    """
    Converts messages to lines of text.

    The previous emotion of a face comes from the messages on `emotion/changes`.
    For a face that was present before this process started, the previous emotion comes from the
    first message with that face.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Create the converter; no face is known yet.

        :param clock: returns the time in seconds.
        """
        self._clock = clock
        # For each id: the decided emotion, the stamp of the first message with the face, and the
        # time of the last one [s]. The entries are sorted by that time.
        self._known: dict[str, tuple[str, tuple[int, int], float]] = {}

    def forget(self) -> None:
        """Forget all faces, because a restarted node counts its ids from the beginning."""
        self._known.clear()

    def status(self, message: Detection2DArray) -> str:
        """Format one line about all faces in a message of `emotion`."""
        stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
        self._forget_unseen()
        for face in message.detections:
            if face.results:
                shown = face.results[0].hypothesis.class_id
                emotion, first, _ = self._known.get(face.id, (shown, stamp, 0.0))
                self._note(face.id, emotion, first)
        words = [describe(face) for face in message.detections[:MOST_FACES]]
        if len(message.detections) > MOST_FACES:
            words.append(f'and {len(message.detections) - MOST_FACES} more')
        return '  '.join([time_of(message.header), *(words or ['no face'])])

    def changes(self, message: Detection2DArray) -> Iterator[str]:
        """Format a line for each face in a message of `emotion/changes`."""
        stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
        self._forget_unseen()
        for face in message.detections:
            name = shortened(face.id, WORD_LENGTH)
            if not face.results:
                self._known.pop(face.id, None)
                yield f'{time_of(message.header)}  {name} left'
                continue
            emotion = face.results[0].hypothesis.class_id
            old, first, _ = self._known.get(face.id, ('', stamp, 0.0))
            self._note(face.id, emotion, first)
            # The status message of the same image may have arrived before this message.
            if first == stamp:
                yield f'{time_of(message.header)}  {name} appeared: {describe(face)}'
            else:
                words = f'{shortened(old, WORD_LENGTH)} → {shortened(emotion, WORD_LENGTH)}'
                yield f'{time_of(message.header)}  {name} {words}'

    def _forget_unseen(self) -> None:
        """Forget the faces that no message has contained for MEMORY seconds."""
        oldest = self._clock() - MEMORY
        while self._known and next(iter(self._known.values()))[2] < oldest:
            del self._known[next(iter(self._known))]

    def _note(self, id_: str, emotion: str, first: tuple[int, int]) -> None:
        """Record the emotion and the first timestamp of a face that was just seen."""
        self._known.pop(id_, None)
        self._known[id_] = (emotion, first, self._clock())


def describe(face: Detection2D) -> str:
    """Return the id, the decided emotion, its score and, if measured, the distance of a face."""
    words = shortened(face.id, WORD_LENGTH)
    if face.results:
        result = face.results[0]
        words += f' {shortened(result.hypothesis.class_id, WORD_LENGTH)}'
        words += ' ' + shortened(f'{result.hypothesis.score:.2f}', WORD_LENGTH)
        point = result.pose.pose.position
        distance = math.hypot(point.x, point.y, point.z)
        # A negative first element of the covariance means that there is no estimate
        # (sensor_msgs/Imu).
        if result.pose.covariance[0] >= 0 and distance > 0:
            words += ' (' + shortened(f'{distance:.2f}', WORD_LENGTH) + ' m)'
    return words


def time_of(header: Header) -> str:
    """Return the local time of day of an image, with milliseconds."""
    moment = datetime.fromtimestamp(header.stamp.sec + header.stamp.nanosec / 1e9)
    return moment.strftime('%H:%M:%S.%f')[:-3]


class WatchNode(Node):
    """Subscribes to the faces and their changes, and prints them."""

    def __init__(self, topic: str, rate: float, **options: Any) -> None:
        """
        Create the subscriptions.

        :param topic: topic of the faces; the topic of the changes is this name followed by
            /changes.
        :param rate: maximum number of status lines per second; 0 to print changes only.
        :param options: options of `rclpy.node.Node`.
        """
        super().__init__('watch', **options)
        self._lines = Lines()
        self._period = 1 / rate if rate else math.inf
        self._last_status = -math.inf
        self._last_message = time.monotonic()
        self._explained = False
        self._gids: set[tuple[int, ...]] = set()
        self._topic = self.resolve_topic_name(topic)
        self.create_subscription(Detection2DArray, self._topic, self._on_faces, 10)
        changes = f'{self._topic}/changes'
        self.create_subscription(Detection2DArray, changes, self._on_changes, 10)
        self.create_timer(CHECK_PERIOD, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _on_faces(self, message: Detection2DArray) -> None:
        """Print a status line, unless the previous one was printed less than a period ago."""
        now = self._last_message = time.monotonic()
        self._explained = False
        line = self._lines.status(message)
        if now - self._last_status >= self._period:
            self._last_status = now
            self._print(line)

    def _on_changes(self, message: Detection2DArray) -> None:
        """Print a line for each change."""
        for line in self._lines.changes(message):
            self._print(line)

    def _print(self, line: str) -> None:
        """Print a line, and stop the node if no process reads the output any more."""
        try:
            print(line, flush=True)
        except BrokenPipeError:
            # At its exit, Python flushes the output, which must not raise the error again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self.context.try_shutdown()

    def _check(self) -> None:
        """Detect a restarted publisher, and explain once why no messages arrive."""
        found = self.get_publishers_info_by_topic(self._topic)
        gids = {tuple(one.endpoint_gid) for one in found if one.topic_type == TYPE}
        if self._gids and gids - self._gids:
            self._lines.forget()
        self._gids = gids or self._gids
        if not self._explained and time.monotonic() - self._last_message >= PATIENCE:
            self._explained = True
            print(f'watch: {self._explanation(bool(gids))}', file=sys.stderr, flush=True)

    def _explanation(self, published: bool) -> str:
        """Return one sentence with the reason why no message arrives, and the remedy."""
        topic = quoted(self._topic)
        if published:
            return (
                f'{topic} has a publisher, but no message arrived for {PATIENCE:g} s; look for '
                'the cause in /diagnostics of the emotion node'
            )
        others = sorted(
            name
            for name, types in self.get_topic_names_and_types()
            if TYPE in types and name.endswith('emotion') and self.count_publishers(name)
        )
        hint = (
            'start the emotion node (ros2 launch fer_ros emotion.launch.py), or select another '
            'topic with --topic'
        )
        if others:
            hint = (
                'select one of these topics with --topic: '
                f'{shortened(", ".join(others[:MOST_FACES]))}'
            )
        return f'{topic} has no publisher of type {TYPE}; {hint}; waiting'


def rate_of(text: str) -> float:
    """Convert a command-line argument to a rate in lines per second."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(
            f'{quoted(text)} lines per second is not a number of at least 0'
        )
    return value


def topic_of(text: str) -> str:
    """Return a command-line argument if it is a valid name of a topic."""
    try:
        validate_topic_name(text)
    except InvalidTopicNameException as error:
        raise argparse.ArgumentTypeError(shortened(error)) from None
    return text


def main(args: Sequence[str] | None = None) -> int:
    """
    Print faces and changes until the process is stopped or its output is closed.

    :param args: command-line arguments; None for those of the process.
    :return: exit status of `run_node`.
    """
    parser = argparse.ArgumentParser(
        prog='watch',
        description='Print each change immediately, and all faces once a second.',
        epilog='Select a namespace with --ros-args -r __ns:=/NAME.',
    )
    parser.add_argument(
        '--topic', type=topic_of, default='emotion', help='topic of the faces (default: emotion)'
    )
    parser.add_argument(
        '--rate',
        type=rate_of,
        default=1.0,
        help='maximum number of status lines per second; 0: changes only (default: 1)',
    )
    words = list(sys.argv[1:] if args is None else args)
    own = words.index('--ros-args') if '--ros-args' in words else len(words)
    chosen = parser.parse_args(words[:own])
    if isinstance(sys.stdout, io.TextIOWrapper):
        # An output encoding without the arrow prints a question mark instead.
        sys.stdout.reconfigure(errors='replace')
    return run_node(lambda: WatchNode(chosen.topic, chosen.rate), ['watch', *words[own:]], ())


if __name__ == '__main__':
    sys.exit(main())
