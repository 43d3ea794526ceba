"""
Compare the package with PyPI's `fer`: `python -m benchmark peers --peer-python peer/bin/python`.

`fer` needs its own environment, because it installs another OpenCV and PyTorch. The package and
`fer` process the same frames in turns. Then the networks alone are compared by accuracy, time and
size. With `--peer-node`, the networks of npm's `human` and `face-api` are compared by accuracy and
size.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmark.costs.peer_networks import classify_with_node
from benchmark.costs.pipeline import Watcher
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import ROOT
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.options import add_model_option
from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import LARGE
from benchmark.rig.scenes import scene
from benchmark.rig.scenes import SMALL
from benchmark.rig.timing import timed
from benchmark.rig.worker_process import WorkerProcess
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from training.data.datasets import data_root
from training.data.datasets import FaceData
from training.data.reading.forms import read_data
from training.evaluation.classifiers import classify
from training.evaluation.truth import truth_for

HOW_TO = (
    "peers needs a Python environment with PyPI's fer; select its python with --peer-python. "
    'Create it with: python3 -m venv peer && peer/bin/pip install torch==2.14.1 '
    "torchvision==0.29.1 tensorflow-cpu 'setuptools<81' 'opencv-contrib-python<5' requests Pillow "
    'tqdm && peer/bin/pip install --no-deps fer facenet-pytorch'
)

# Environment variable with the default of `--peer-python`.
PEER_VARIABLE = 'FER_ROS_PEER_PYTHON'

# Environment variable with the default of `--peer-node`.
NODE_VARIABLE = 'FER_ROS_PEER_NODE'

# Required speed of the package, as a multiple of the speed of `fer`.
GOALS = {'mtcnn': 25.0, 'haar': 8.0}

# Number of faces and size of each scene, by the ending of the row names. The goals apply to the
# first scene.
SCENES = {
    '': (1, SMALL),
    '_4_faces': (4, SMALL),
    '_1280x720': (1, LARGE),
}

# Variables of a ROS environment that would make another Python load foreign libraries.
FOREIGN = ('PYTHONPATH', 'PYTHONHOME', 'LD_LIBRARY_PATH', 'VIRTUAL_ENV')

# Number of single faces in a turn of the networks alone.
FACES = 20


class Peer:
    """`fer` in its own process; see `benchmark.costs.peer_worker`."""

    def __init__(self, python: Path) -> None:
        """
        Start the process.

        :param python: path of the Python executable in the environment of `fer`.
        :raises ValueError: if the executable does not exist.
        """
        if not python.is_file():
            raise ValueError(f'{python} does not exist; {HOW_TO}')
        self._process = WorkerProcess(
            [str(python), str(Path(__file__).with_name('peer_worker.py'))],
            env={key: value for key, value in os.environ.items() if key not in FOREIGN},
        )

    def ask(self, do: str, **words: Any) -> dict[str, Any]:
        """
        Call a method of the worker, and wait for its answer.

        :param do: name of a method of `benchmark.costs.peer_worker.Worker`.
        :param words: arguments of the method.
        :raises ValueError: if the method fails or the process has ended.
        """
        answer = self._process.ask({'do': do, **words})
        if answer is None:
            status = self._process.wait()
            raise ValueError(f'the process of fer ended with exit status {status}; {HOW_TO}')
        if 'error' in answer:
            raise ValueError(f'fer cannot {do}: {answer["error"]}; {HOW_TO}')
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.close()


@contextmanager
def peer_of(python: Path) -> Iterator[Peer]:
    """Start the process of `fer`, and end it at the end of the block."""
    peer = Peer(python)
    try:
        yield peer
    finally:
        peer.close()


def frame_rows(
    peer: Peer, classifier: Classifier, folder: Path, turns: int, frames: int
) -> list[Row]:
    """
    Process the same frames with the package and with `fer`, in turns.

    :param peer: process of `fer` with both face detectors loaded.
    :param classifier: classifier of the package's pipeline.
    :param folder: folder for the frames.
    :param turns: number of turns.
    :param frames: number of frames in a turn.
    """
    rows = []
    for ending, (faces, size) in SCENES.items():
        images = scene(faces, size, turns * frames)
        path = folder / f'scene{ending}.npy'
        np.save(path, np.array(images))
        peer.ask('keep', name=ending, path=str(path))
        watcher = Watcher(create_detector('yunet', str(detector_weights())), classifier, images)
        own: list[float] = []
        seconds: dict[str, list[float]] = {way: [] for way in GOALS}
        found: dict[str, list[int]] = {way: [] for way in GOALS}
        for way in GOALS:
            peer.ask('look', way=way, name=ending, start=0, count=2)
        for turn in range(turns):
            for way in GOALS:
                done = peer.ask('look', way=way, name=ending, start=turn * frames, count=frames)
                seconds[way] += done['seconds']
                found[way] += done['faces']
                # The first frame of a turn is discarded, because the caches are cold after the
                # turn of `fer`.
                own += timed(watcher, frames + 1)[1:]
        for way, goal in GOALS.items():
            rows.append(
                Row(
                    f'against_fer_{way}{ending}',
                    own,
                    ratio=median(seconds[way]) / median(own),
                    goal=None if ending else goal,
                    at_least=True,
                    further={
                        'fer_ms': round(1000 * median(seconds[way]), 2),
                        'fer_p95_ms': round(1000 * float(np.quantile(seconds[way], 0.95)), 2),
                        'fer_faces': round(float(np.mean(found[way])), 2),
                        'faces': watcher.faces,
                    },
                )
            )
    return rows


def accuracy(chosen: np.ndarray, labels: tuple[str, ...], data: FaceData) -> dict[str, Any]:
    """
    Compute the accuracy by the labels of FER2013, and by the majority of FER+.

    :param chosen: (N,) int, indices into the labels of the network.
    :param labels: labels of the network.
    :param data: PrivateTest.
    :return: 'accuracy_fer2013' and 'accuracy_ferplus', 0 to 1.
    """
    found = {}
    for name, names in (('fer2013', FER2013_LABELS), ('ferplus', FERPLUS_LABELS)):
        truth = truth_for('a network', names, data).labels
        index = np.array([names.index(one) if one in names else -2 for one in labels])
        kept = truth >= 0
        found[f'accuracy_{name}'] = round(float((index[chosen] == truth)[kept].mean()), 4)
    return found


def weights_rows(
    peer: Peer, classifiers: dict[str, Classifier], data: FaceData, folder: Path, turns: int
) -> list[Row]:
    """
    Compare the networks alone on PrivateTest.

    :param peer: process of `fer` with its networks loaded.
    :param classifiers: classifiers of the bundles by name.
    :param data: PrivateTest.
    :param folder: folder for the images.
    :param turns: number of turns.
    """
    sizes = peer.ask('load', ways=['keras'])
    path = folder / 'private.npy'
    np.save(path, data.images)
    peer.ask('keep', name='private', path=str(path))
    networks = {'haar': 'fer_quantised', 'keras': 'fer_keras'}
    seconds: dict[str, list[float]] = {}
    for turn in range(turns + 1):
        for way, name in networks.items():
            done = peer.ask('face', way=way, count=FACES)['seconds']
            seconds.setdefault(name, []).extend(done if turn else [])
        for name, classifier in classifiers.items():
            spec = classifier.card.input
            crop = np.random.default_rng(0).integers(0, 256, (spec.height, spec.width), np.uint8)
            done = timed(partial(_classify_one, classifier, crop), FACES)
            seconds.setdefault(name, []).extend(done if turn else [])
    rows = []
    for way, name in networks.items():
        chosen = np.array(peer.ask('classify', way=way, name='private')['labels'])
        size = sizes['quantised_bytes' if way == 'haar' else 'keras_bytes']
        found = accuracy(chosen, FER2013_LABELS, data)
        rows.append(_weights_row(name, seconds[name], size, found))
    for name, classifier in classifiers.items():
        card = classifier.card
        chosen = classify(classifier, data.images).argmax(axis=1)
        size = card.file('tflite').stat().st_size
        found = accuracy(chosen, card.labels, data)
        rows.append(_weights_row(name, seconds[name], size, found))
    return rows


def node_rows(folder: Path, data: FaceData) -> tuple[list[Row], str]:
    """
    Measure the networks of `human` and `face-api` on PrivateTest.

    :param folder: folder with `node_modules`.
    :param data: PrivateTest.
    :return: a row for each network, and a remark with the versions.
    """
    rows, versions = [], []
    for name, found in classify_with_node(folder, data.images).items():
        chosen = np.array([FER2013_LABELS.index(label) for label in found['labels']])
        figures = accuracy(chosen, FER2013_LABELS, data)
        rows.append(_weights_row(name.replace('-', '_'), [], found['bytes'], figures))
        versions.append(f'{name} {found["version"]}')
    return rows, f'{" and ".join(versions)} on TensorFlow.js: time not measured.'


def _classify_one(classifier: Classifier, crop: np.ndarray, _: int) -> None:
    """Classify one face."""
    classifier.classify([crop])


def _weights_row(name: str, seconds: list[float], size: int, found: dict[str, Any]) -> Row:
    """Create the row of a network."""
    return Row(f'weights_{name}', seconds, further={'megabytes': round(size / 1e6, 2), **found})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--peer-python',
        type=Path,
        default=os.environ.get(PEER_VARIABLE),
        metavar='PATH',
        help=f'python of an environment with fer (default: {PEER_VARIABLE})',
    )
    parser.add_argument(
        '--peer-node',
        type=Path,
        default=os.environ.get(NODE_VARIABLE),
        metavar='FOLDER',
        help='folder with node_modules that has human, face-api and TensorFlow.js (default: '
        f'{NODE_VARIABLE})',
    )
    add_model_option(parser)
    parser.add_argument(
        '--turns', type=int, default=6, help='number of turns of each package (default: 6)'
    )
    parser.add_argument('--frames', type=int, default=8, help='frames per turn (default: 8)')
    parser.add_argument(
        '--pictures', type=int, help='number of pictures of PrivateTest (default: all)'
    )
    parser.add_argument(
        '--data', help='folder of FER2013, for the accuracy (default: FER_ROS_DATA)'
    )
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `peers`."""
    if arguments.peer_python is None:
        raise ValueError(HOW_TO)
    with peer_of(arguments.peer_python) as peer, TemporaryDirectory() as temporary:
        folder = Path(temporary)
        loaded = peer.ask('load', ways=list(GOALS))
        classifier = create_classifier(load_card(find_bundle(arguments.model)), 'litert')
        rows = frame_rows(peer, classifier, folder, arguments.turns, arguments.frames)
        data = read_data(data_root(arguments.data)).of_split('private')
        data = data.take(np.arange(len(data))[: arguments.pictures])
        classifiers = {
            path.parent.name: create_classifier(load_card(path.parent), 'litert')
            for path in sorted(ROOT.glob('models/*/card.yaml'))
        }
        rows += weights_rows(peer, classifiers, data, folder, arguments.turns)
    remarks = []
    if arguments.peer_node is not None:
        further, remark = node_rows(arguments.peer_node, data)
        rows += further
        remarks.append(remark)
    remark = (
        f'fer {loaded["version"]} with its defaults, MTCNN on PyTorch with '
        f'{loaded["torch_threads"]} threads; {classifier.card.name} on LiteRT, YuNet. `ratio` is '
        'the time of fer divided by the time of the pipeline. `fer faces` is the mean number of '
        'faces that fer detects in a frame. `weights_…`: time of the network for one face, and '
        'its accuracy on PrivateTest against the labels of FER2013 and against the majority of '
        'FER+.'
    )
    return tell('peers', rows, arguments, [remark, *remarks])
