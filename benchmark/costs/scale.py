"""
Measure how the cost grows with faces, pixels and cameras: `python -m benchmark scale`.

Faces and pixels are measured with the pipeline alone. For several cameras, each camera has its own
node and its own subscriber. The sizes of the published messages are measured as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
import time
from typing import Any

import cv2
import numpy as np

from benchmark.costs.pipeline import Watcher
from benchmark.rig.camera_process import Camera
from benchmark.rig.client import Client
from benchmark.rig.executables import emotion_node
from benchmark.rig.executables import settle_domain
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import commit
from benchmark.rig.figures import ROOT
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.listening import Listening
from benchmark.rig.options import add_frames_option
from benchmark.rig.options import add_model_option
from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import FACES
from benchmark.rig.scenes import LARGE
from benchmark.rig.scenes import scene
from benchmark.rig.scenes import SMALL
from benchmark.rig.timing import machine
from benchmark.rig.timing import time_frames
from benchmark.rig.usage import cpu_seconds
from benchmark.rig.usage import proportional_memory
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import Settings

# Default path of the plots with `--record`.
PLOTS = ROOT / 'doc' / 'scale.svg'

SIZES = ((320, 240), SMALL, LARGE, (1920, 1080), (3840, 2160))
# Goals of the time relative to 640x480, with the default parameters.
GOALS = {(1920, 1080): 1.6, (3840, 2160): 3.0}
# Number of images of a size, fewer if they need much memory.
IMAGES = 8
# Consecutive frames of a size in a turn, as in a stream.
BLOCK = 10
CAMERAS = (1, 2, 4)
RATE = 30.0

# JPEG quality of the package's camera node, in percent.
CAMERA_JPEG = 95

# Time that the nodes run before they are measured [s].
WARM_UP = 2.0


def names(size: tuple[int, int]) -> str:
    """Format a size as WIDTHxHEIGHT."""
    return f'{size[0]}x{size[1]}'


def faces_rows(classifier: Classifier, frames: int) -> list[Row]:
    """Measure the pipeline with an increasing number of faces, at two image sizes."""
    detector = create_detector('yunet', str(detector_weights()))
    rows = []
    for size in (SMALL, LARGE):
        ways: dict[str, Callable[[int], Any]] = {
            f'faces_{count}_at_{names(size)}': Watcher(detector, classifier, scene(count, size, 4))
            for count in FACES
        }
        times = time_frames(ways, frames)
        none = median(times[f'faces_0_at_{names(size)}'])
        rows += [Row(name, times[name], ratio=median(times[name]) / none) for name in ways]
    return rows


def pixels_rows(classifier: Classifier, frames: int) -> list[Row]:
    """
    Measure the pipeline on one face in images of increasing size.

    Each size is measured with the default parameters, with a search of the whole image in every
    frame, and with a minimum face size that grows with the width of the image.
    """
    ways: dict[str, Callable[[int], Any]] = {}
    smallest = {}
    for size in SIZES:
        images = scene(1, size, IMAGES)
        in_proportion = max(8, round(Settings().min_face_size * size[0] / SMALL[0]))
        for name, settings in (
            (f'pixels_{names(size)}', Settings()),
            (f'pixels_whole_{names(size)}', Settings(search_time=0.0)),
            (f'pixels_in_proportion_{names(size)}', Settings(min_face_size=in_proportion)),
        ):
            # Each way has its own detector, because a detector keeps memory for its last size.
            detector = create_detector('yunet', str(detector_weights()))
            ways[name] = Watcher(detector, classifier, images, settings)
            smallest[name] = settings.min_face_size
    times = time_frames(ways, max(frames, BLOCK), BLOCK)
    base = median(times[f'pixels_{names(SMALL)}'])
    goals = {f'pixels_{names(size)}': goal for size, goal in GOALS.items()}
    return [
        Row(
            name,
            times[name],
            ratio=median(times[name]) / base,
            goal=goals.get(name),
            further={
                'min_face_size': smallest[name],
                'p95_over_median': round(
                    float(np.quantile(times[name], 0.95)) / median(times[name]), 2
                ),
            },
        )
        for name in ways
    ]


def cameras_row(count: int, seconds: float) -> Row:
    """
    Measure several nodes, each with its own camera.

    :param count: number of cameras.
    :param seconds: duration of the measurement.
    """
    with ExitStack() as stack:
        spaces = [f'/camera{number}' for number in range(count)]
        cameras = [stack.enter_context(Camera(1, SMALL, namespace=space)) for space in spaces]
        clients = [stack.enter_context(Client(space)) for space in spaces]
        nodes = [stack.enter_context(emotion_node(namespace=space)) for space in spaces]
        for camera in cameras:
            camera.play(RATE)
        for client in clients:
            client.wait_for()
        time.sleep(WARM_UP)
        begin = time.monotonic()
        used = [cpu_seconds(node.pid) for node in nodes]
        for client in clients:
            client.clear()
        time.sleep(seconds)
        answers = [client.answers for client in clients]
        passed = time.monotonic() - begin
        shares = [
            (cpu_seconds(node.pid) - before) / passed
            for node, before in zip(nodes, used, strict=True)
        ]
        memory = [proportional_memory(node.pid) for node in nodes]
    return Row(
        f'cameras_{count}',
        [answer.age for of_one in answers for answer in of_one],
        value=100 * sum(shares),
        unit='% of a core, all nodes',
        further={
            'percent_a_node': round(100 * sum(shares) / count, 1),
            'answers_per_second': [round(len(one) / passed, 1) for one in answers],
            'memory_mib_and_node': round(sum(memory) / count, 1),
        },
    )


class Scale(Listening):
    """Measures the sizes of messages in a separate thread."""

    def __init__(self, topics: dict[str, type]) -> None:
        """
        Subscribe to the topics.

        :param topics: message types by topic name.
        """
        self.sizes: dict[str, list[int]] = {topic: [] for topic in topics}
        weighed = [(type_, topic, self._weigher(topic)) for topic, type_ in topics.items()]
        super().__init__('scale', weighed, raw=True)

    def _weigher(self, topic: str) -> Callable[[Any], None]:
        """Return a callback that records the serialised size of a message in bytes."""
        return lambda message: self.sizes[topic].append(len(message))


def travel_rows(seconds: float) -> list[Row]:
    """
    Measure the sizes of the messages of the node and its camera, with one face and with four.

    :param seconds: duration of the measurement.
    """
    from diagnostic_msgs.msg import DiagnosticArray
    from rclpy.serialization import serialize_message
    from sensor_msgs.msg import CompressedImage
    from std_msgs.msg import Header
    from vision_msgs.msg import Detection2DArray

    from fer_ros.messages.images import to_compressed_message
    from fer_ros.messages.images import to_image_message
    from fer_ros.node.message_types import MESSAGE_TYPES

    rows = []
    for size in (SMALL, LARGE):
        images = scene(1, size, 20)
        header = Header(frame_id='camera')
        jpegs = [
            cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, CAMERA_JPEG])[1]
            for image in images
        ]
        image = to_image_message(MESSAGE_TYPES, header, images[0])
        compressed = [to_compressed_message(MESSAGE_TYPES, header, jpeg) for jpeg in jpegs]
        weights = {
            'image': [len(serialize_message(image))],
            'image_compressed': [len(serialize_message(message)) for message in compressed],
        }
        rows += [
            _travel_row(f'{topic}_{names(size)}', sizes, RATE) for topic, sizes in weights.items()
        ]
    topics = {
        'emotion': Detection2DArray,
        'emotion/changes': Detection2DArray,
        'emotion/image/compressed': CompressedImage,
        '/diagnostics': DiagnosticArray,
    }
    for faces in (1, 4):
        with Camera(faces, SMALL) as camera, Client() as client, emotion_node():
            camera.play(RATE)
            client.wait_for()
            with Scale(topics) as scale:
                time.sleep(seconds)
                rows += [
                    _travel_row(
                        f'{topic.strip("/").replace("/", "_")}_faces_{faces}',
                        sizes,
                        len(sizes) / seconds,
                    )
                    for topic, sizes in scale.sizes.items()
                ]
    return rows


def _travel_row(name: str, sizes: list[int], rate: float) -> Row:
    """Create the row of a topic, in bytes per second."""
    each = float(np.mean(sizes)) if sizes else 0.0
    return Row(
        f'travels_{name}',
        value=each * rate,
        unit='bytes per second',
        further={'bytes_each': round(each), 'messages_per_second': round(rate, 2)},
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_model_option(parser)
    add_frames_option(parser, 60)
    parser.add_argument(
        '--seconds',
        type=float,
        default=8.0,
        help='time for measuring the nodes in seconds (default: 8)',
    )
    parser.add_argument(
        '--cameras',
        type=int,
        nargs='*',
        default=list(CAMERAS),
        metavar='N',
        help='numbers of cameras (default: 1 2 4)',
    )
    parser.add_argument(
        '--plot', type=Path, metavar='PATH', help='file for the plots (SVG or PNG)'
    )
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `scale`."""
    settle_domain()
    classifier = create_classifier(load_card(find_bundle(arguments.model)), 'litert')
    try:
        rows = [
            *faces_rows(classifier, arguments.frames),
            *pixels_rows(classifier, arguments.frames),
            *(cameras_row(count, arguments.seconds) for count in arguments.cameras),
            *travel_rows(arguments.seconds),
        ]
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    plot = arguments.plot or (PLOTS if arguments.record else None)
    if plot is not None:
        from benchmark.costs.scale_plots import draw

        draw([row.figures() for row in rows], plot, f'commit {commit()}, {machine()}')
    remark = (
        f'{arguments.model} on LiteRT, YuNet. Cameras: {names(SMALL)} at {RATE:g} Hz, one face. '
        'Their times are the age of the results, and their memory is the proportional set size. '
        '`ratio` is relative to no face, or to `pixels_640x480`. `pixels_whole_…`: search_time 0. '
        '`travels_…`: size of the serialised messages; `image` '
        f'and `image_compressed` at {RATE:g} Hz.'
    )
    return tell('scale', rows, arguments, [remark])
