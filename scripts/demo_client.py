"""
Run the installed camera and emotion nodes, and subscribe to their topics in a third process.

scripts/demo runs this script in the environment of scripts/env, and describes its usage.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
import ctypes
import os
from pathlib import Path
import signal
import statistics
import subprocess
import sys
import tempfile
from threading import Event
import time

from ament_index_python import get_package_prefix
from demo_record import Animation
from demo_record import BestPicture
from demo_record import Table
from demo_record import Video
from demo_view import SeenFace
from demo_view import TerminalView
from free_domain import choose_domain
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from rclpy.qos import ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo
import yaml

from fer_ros.node.inputs.images import to_bgr
from fer_ros.sources.astronaut import ASTRONAUT
from fer_ros.sources.pictures import is_picture

# Frame rate at which a single picture is repeated [Hz].
PICTURE_RATE = 10.0

# Maximum waiting time for the first message; imports are slow on a loaded machine [s].
START_TIMEOUT = 60.0
# Waiting time for the last messages after the source has ended [s].
LAST_WORDS = 1.0
# Time that a node may take to end after SIGINT, before it is killed [s].
STOP_TIMEOUT = 5.0

PR_SET_PDEATHSIG = 1


class DemoError(Exception):
    """Raised if the demo cannot continue; the message states the reason."""


def stamp_of(header: Header) -> tuple[int, int]:
    """Return the timestamp of a header as (seconds, nanoseconds)."""
    return header.stamp.sec, header.stamp.nanosec


def seen_face(detection: Detection2D) -> SeenFace:
    """Convert a detection message; its first result is the decided emotion."""
    centre = detection.bbox.center.position
    half_width, half_height = detection.bbox.size_x / 2, detection.bbox.size_y / 2
    results = [(one.hypothesis.class_id, one.hypothesis.score) for one in detection.results]
    emotion, score = results[0] if results else ('none', 0.0)
    return SeenFace(
        id=detection.id,
        box=(
            centre.x - half_width,
            centre.y - half_height,
            centre.x + half_width,
            centre.y + half_height,
        ),
        emotion=emotion,
        score=score,
        distribution={name: share for name, share in results if name != 'uncertain'},
    )


class Program:
    """A process that runs an installed executable of fer_ros."""

    def __init__(self, name: str, parameters: dict[str, object], folder: Path) -> None:
        """
        Start the process.

        :param name: name of the executable.
        :param parameters: parameters of its node.
        :param folder: folder for its parameter file and its log.
        """
        self.name = name
        self._log = folder / f'{name}.log'
        file = folder / f'{name}.yaml'
        file.write_text(yaml.safe_dump({'/**': {'ros__parameters': parameters}}))
        executable = Path(get_package_prefix('fer_ros')) / 'lib' / 'fer_ros' / name
        with self._log.open('wb') as log:
            self._process = subprocess.Popen(
                [sys.executable, str(executable), '--ros-args', '--params-file', str(file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, 'ROS_LOG_DIR': str(folder), 'PYTHONUNBUFFERED': '1'},
                # In a session of its own, the process does not receive Ctrl-C. The demo stops its
                # processes in order. The kernel sends SIGTERM when the demo itself ends, even if
                # it was killed.
                start_new_session=True,
                preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            )

    @property
    def status(self) -> int | None:
        """Return the exit status; None while the process runs."""
        return self._process.poll()

    def check_runs(self) -> None:
        """
        Check that the process still runs.

        :raises DemoError: if the process has ended; the message contains its last log lines.
        """
        if self.status is not None:
            raise DemoError(
                f'{self.name} ended with exit status {self.status}\n{self.last_words()}'
            )

    def last_words(self) -> str:
        """Return the last lines of the process's log."""
        lines = self._log.read_text(errors='replace').splitlines()[-12:]
        return (
            '\n'.join(f'  {self.name}: {line}' for line in lines) or f'  {self.name}: (no output)'
        )

    def stop(self) -> None:
        """Stop the process by SIGINT and, if it does not end in time, by SIGKILL."""
        for number, patience in ((signal.SIGINT, STOP_TIMEOUT), (signal.SIGKILL, STOP_TIMEOUT)):
            if self.status is not None:
                return
            self._process.send_signal(number)
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                continue


class Listener(Node):
    """Subscribes to the topics of the nodes, and writes the results to files."""

    def __init__(self, output: Path, animated: bool = False) -> None:
        """
        Create the subscriptions.

        :param output: folder of the table, the video and the picture.
        :param animated: True to write annotated.gif too.
        """
        super().__init__('demo')
        self.labels: list[str] = []
        self.frames = 0  # messages on /emotion
        self.pictures = 0  # messages on /emotion/image
        self.camera_frames = 0  # messages on /image
        self.emotions: Counter[str] = Counter()
        self.newest: list[SeenFace] = []
        self.ages_ms: list[float] = []
        self.first_time = self.last_time = 0.0  # of the messages on /emotion [s]
        self._output = output
        self._table: Table | None = None  # created with the first face
        self._video = Video(output / 'annotated.mp4')
        self._best = BestPicture(output / 'annotated.png')
        self._animation = Animation(output / 'annotated.gif') if animated else None

        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.create_subscription(LabelInfo, 'emotion/label_info', self._on_labels, latched)
        self.create_subscription(Detection2DArray, 'emotion', self._on_emotion, 50)
        newest = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.create_subscription(Image, 'emotion/image', self._on_picture, newest)
        self._camera: Subscription | None = None

    def listen_to_camera(self) -> None:
        """Subscribe to the camera, to count its images."""
        if self._camera is None:
            newest = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
            self._camera = self.create_subscription(Image, 'image', self._on_camera, newest)

    def faces(self) -> int:
        """Return the total number of faces in all frames."""
        return sum(self.emotions.values())

    def rate(self) -> float:
        """Return the mean frame rate between the first and the last message in Hz."""
        if self.frames < 2 or self.last_time <= self.first_time:
            return 0.0
        return (self.frames - 1) / (self.last_time - self.first_time)

    def close(self) -> None:
        """
        Close the files.

        :raises DemoError: if a file cannot be written, or if no annotated image arrived.
        """
        if self._table is None:
            self._table = Table(self._output / 'emotions.csv', self.labels)
        self._table.close()
        video = self._video.close()
        if self.frames and not self.pictures:
            raise DemoError('messages arrived on /emotion, but no image on /emotion/image')
        if self._animation is not None:
            self._animation.save()
        if self.frames and not (video and self._best.save()):
            raise DemoError(f'OpenCV could not write the video and the picture to {self._output}')

    def _on_labels(self, message: LabelInfo) -> None:
        self.labels = [one.class_name for one in message.class_map]

    def _on_emotion(self, message: Detection2DArray) -> None:
        now = time.time()
        seconds, nanoseconds = stamp_of(message.header)
        faces = [seen_face(detection) for detection in message.detections]
        if faces and self._table is None:
            labels = self.labels or sorted(faces[0].distribution)
            self._table = Table(self._output / 'emotions.csv', labels)
        if self._table is not None:
            self._table.add((seconds, nanoseconds), self.frames, faces)
        self._best.add_count((seconds, nanoseconds), len(faces))
        self.ages_ms.append((now - seconds - nanoseconds / 1e9) * 1000)
        self.emotions.update(face.emotion for face in faces)
        self.newest = faces
        self.first_time = self.first_time or time.monotonic()
        self.last_time = time.monotonic()
        self.frames += 1

    def _on_picture(self, message: Image) -> None:
        seconds, nanoseconds = stamp_of(message.header)
        image = to_bgr(message)
        self._best.add_image((seconds, nanoseconds), image)
        self._video.add(seconds + nanoseconds / 1e9, image)
        if self._animation is not None:
            self._animation.add(seconds + nanoseconds / 1e9, image)
        self.pictures += 1

    def _on_camera(self, message: Image) -> None:
        self.camera_frames += 1


def camera_parameters(source: str) -> dict[str, object]:
    """Choose the parameters of the camera node; only a single picture is played in a loop."""
    path = Path(source)
    if not path.exists():
        return {'source': source}  # the built-in view, a device, or an error that the node reports
    if path.is_file() and is_picture(path):
        return {'source': str(path.resolve()), 'loop': True, 'rate': PICTURE_RATE}
    return {'source': str(path.resolve())}


def show_progress(listener: Listener, view: TerminalView, source: str, begin: float) -> None:
    """Print the progress and the newest faces in the terminal."""
    age = f'{statistics.median(listener.ages_ms[-30:]):.0f} ms' if listener.ages_ms else '-'
    view.show(
        f'demo: {source}, {time.monotonic() - begin:.0f} s, {listener.frames} frames, '
        f'{listener.rate():.1f} frames/s, age {age}',
        listener.newest,
    )


def run(options: argparse.Namespace, listener: Listener, folder: Path, stop: Event) -> None:
    """
    Start the nodes, and process their messages until the end.

    :param options: options of the command line.
    :param listener: node that subscribes to the topics.
    :param folder: folder for the parameter files and logs of the nodes.
    :param stop: event that is set when the user stops the demo.
    :raises DemoError: if a node fails, or if no message arrives.
    """
    executor = SingleThreadedExecutor()
    executor.add_node(listener)
    view = TerminalView(sys.stdout)
    programs: list[Program] = []
    try:
        # The camera node starts first and stops first. The emotion node then has no image in
        # progress when it stops.
        camera = Program('camera_node', camera_parameters(options.source), folder)
        programs.append(camera)
        emotion = Program('emotion_node', {}, folder)
        programs.append(emotion)

        begin = time.monotonic()
        shown = 0.0
        source_ended: float | None = None
        while not stop.is_set():
            executor.spin_once(timeout_sec=0.02)
            now = time.monotonic()
            emotion.check_runs()
            if camera.status is not None and source_ended is None:
                if camera.status != 0:
                    camera.check_runs()
                source_ended = now
            if source_ended is not None and now - source_ended > LAST_WORDS:
                return
            if listener.frames or listener.count_subscribers('image'):
                # The emotion node must subscribe first: a source that ends waits for its first
                # subscriber.
                listener.listen_to_camera()
            if listener.frames:
                if now - shown >= view.period:
                    show_progress(listener, view, options.source, begin)
                    shown = now
                if now - listener.first_time >= options.seconds:
                    return
            elif now - begin > START_TIMEOUT:
                raise DemoError(
                    f'no message arrived on /emotion within {START_TIMEOUT:.0f} '
                    f's\n{camera.last_words()}\n{emotion.last_words()}'
                )
        # After an early stop, the first annotated image may not have arrived yet.
        deadline = time.monotonic() + LAST_WORDS
        while listener.frames and not listener.pictures and time.monotonic() < deadline:
            executor.spin_once(timeout_sec=0.02)
    finally:
        for program in programs:
            program.stop()
        view.close()


def parse_arguments(args: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='scripts/demo', description='Run fer_ros on a video, a camera or a photograph.'
    )
    parser.add_argument(
        '--source',
        default=ASTRONAUT,
        metavar='FILE|FOLDER|DEVICE',
        help='video, picture, folder of pictures, or camera such as 0 (default: a moving view '
        'over a photograph)',
    )
    parser.add_argument(
        '--seconds',
        type=float,
        default=30.0,
        metavar='N',
        help='duration in seconds (default: %(default)g)',
    )
    parser.add_argument(
        '--output',
        type=Path,
        default=Path('demo_output'),
        metavar='DIR',
        help='folder for annotated.mp4, annotated.png and emotions.csv (default: %(default)s)',
    )
    parser.add_argument(
        '--gif', action='store_true', help='also write annotated.gif, the first seconds (480x360)'
    )
    options = parser.parse_args(args)
    if not options.seconds > 0:
        parser.error(f'--seconds is {options.seconds:g}, but must be more than 0')
    return options


def main(args: Sequence[str] | None = None) -> int:
    """
    Run the demo.

    :param args: command-line arguments; None for those of the process.
    :return: exit status; 0 only if messages arrived and the files were written.
    """
    options = parse_arguments(args)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        for name in ('annotated.mp4', 'annotated.png', 'annotated.gif', 'emotions.csv'):
            (options.output / name).unlink(missing_ok=True)
    except OSError as error:
        print(f'demo: cannot write to {options.output}: {error.strerror}', file=sys.stderr)
        return 1

    # Isolate the demo from all other ROS programs on this machine and in its network.
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    os.environ.pop('ROS_LOCALHOST_ONLY', None)
    os.environ['ROS_DOMAIN_ID'] = str(choose_domain())
    # The handlers set an event instead of raising an exception. An exception during the conversion
    # of a message breaks rclpy.
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())

    failure = ''
    with tempfile.TemporaryDirectory(prefix='fer_ros_demo_') as folder:
        os.environ['ROS_LOG_DIR'] = folder
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        listener = Listener(options.output, options.gif)
        try:
            run(options, listener, Path(folder), stop)
        except DemoError as error:
            failure = str(error)
        except BrokenPipeError:
            # The process that reads the output, such as `head`, has ended. The demo then ends as
            # after Ctrl-C.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        try:
            listener.close()
        except DemoError as error:
            failure = failure or str(error)
        listener.destroy_node()
        rclpy.try_shutdown()

    if not failure and not listener.frames:
        failure = 'no message arrived on /emotion'
    if failure:
        print(f'demo: {failure}', file=sys.stderr)
        return 1
    top = listener.emotions.most_common(1)
    print(
        f'demo: annotated.mp4, annotated.png and emotions.csv are in {options.output}; the camera '
        f'published {listener.camera_frames} images\ndemo: {listener.frames} frames, '
        f'{listener.faces()} faces, top emotion {top[0][0] if top else "none"}, median age '
        f'{statistics.median(listener.ages_ms):.1f} ms, {listener.rate():.1f} frames/s'
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
