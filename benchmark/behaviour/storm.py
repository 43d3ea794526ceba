"""
Check whether the node survives hostile images, parameters, cards, networks and transitions.

The command needs the installed package (`. scripts/env`, or a sourced workspace) and Linux.
"""

from __future__ import annotations

import argparse
from collections import Counter
import hashlib
from pathlib import Path
import subprocess
import tempfile
from threading import Event
import time
from typing import Any

from lifecycle_msgs.msg import State
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from lifecycle_msgs.srv import GetState
import numpy as np
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from benchmark.behaviour.hostile_files import malformed_card
from benchmark.behaviour.hostile_files import mutated
from benchmark.behaviour.hostile_files import pick
from benchmark.behaviour.hostile_messages import default_parameters
from benchmark.behaviour.hostile_messages import hostile_parameters
from benchmark.behaviour.hostile_messages import malformed_compressed
from benchmark.behaviour.hostile_messages import malformed_image
from benchmark.rig.executables import environment
from benchmark.rig.executables import process
from benchmark.rig.executables import settle_domain
from benchmark.rig.figures import ROOT
from benchmark.rig.listening import Listening
from benchmark.rig.scenes import detector_weights
from benchmark.rig.usage import MIB
from benchmark.rig.usage import resident_memory
from benchmark.rig.usage import thread_count
from fer_ros.messages.images import to_image_message
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.detection import blazeface
from fer_ros.perception.detection import haar
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import DEFAULT_MODEL

# Maximum ratio of the resident memory at the end to the resident memory at the beginning.
MOST_GROWTH = 1.3

# Maximum time for a request or an image [s]. Loading a network is tried for up to a minute.
PATIENCE = 120.0
# Time between two images, and time before an image is sent again [s].
PERIOD, RETRY = 0.01, 0.5
# Number of characters of the node's log to print if the node ended.
END_OF_LOG = 4000
# Number of images in one attack, and number of valid images before memory is measured.
BURST, WARM_UP = 50, 50

# Shutdown is excluded, because no transition leads out of the finalized state.
TRANSITIONS = (
    Transition.TRANSITION_CONFIGURE,
    Transition.TRANSITION_CLEANUP,
    Transition.TRANSITION_ACTIVATE,
    Transition.TRANSITION_DEACTIVATE,
    Transition.TRANSITION_CREATE,
    99,
    255,
)

# The attacks damage copies of this bundle, the smallest one.
VICTIM = ROOT / 'models' / 'fer2013_tiny'


class NodeDiedError(ValueError):
    """The node has ended, or does not respond."""


class Attacker(Listening):
    """Sends hostile input to the node."""

    def __init__(self, folder: Path, seed: int) -> None:
        """
        Create the publishers and the service clients.

        :param folder: folder for damaged files.
        :param seed: seed of the random generator.
        """
        self._random = np.random.default_rng(seed)
        self._folder = folder
        self._answered = ''
        self.node: subprocess.Popen[bytes] | None = None
        self.starting = {
            'model': str(ROOT / 'models' / DEFAULT_MODEL),
            'backend': 'litert',
            'detector': 'yunet',
            'detector_model': str(detector_weights()),
        }
        super().__init__('storm', [(Detection2DArray, 'emotion', self._on_answer)])
        self._raw = self._node.create_publisher(Image, 'image', 1)
        self._compressed = self._node.create_publisher(CompressedImage, 'image/compressed', 1)
        self._set = self._node.create_client(SetParameters, 'emotion/set_parameters')
        self._change = self._node.create_client(ChangeState, 'emotion/change_state')
        self._state = self._node.create_client(GetState, 'emotion/get_state')
        gray = np.full((480, 640, 3), 128, np.uint8)
        self._good = to_image_message(MESSAGE_TYPES, Image().header, gray)
        self._good_ones = 0

    def images(self) -> None:
        """Send a burst of malformed images, either raw or compressed."""
        raw = bool(self._random.integers(2))
        self.set([Parameter('image_transport', value='raw' if raw else 'compressed')])
        for _ in range(BURST):
            if raw:
                self._raw.publish(malformed_image(self._random))
            else:
                self._compressed.publish(malformed_compressed(self._random))
            time.sleep(PERIOD)

    def parameters(self) -> None:
        """Set random parameters to random values, including values of undefined types."""
        self._call(self._set, SetParameters.Request(parameters=hostile_parameters(self._random)))

    def transitions(self) -> None:
        """Request a random transition."""
        transition = Transition(id=pick(self._random, TRANSITIONS))
        self._call(self._change, ChangeState.Request(transition=transition))

    def cards(self) -> None:
        """Set a model with a damaged card."""
        text = (VICTIM / CARD_NAME).read_text(encoding='utf-8')
        card = malformed_card(self._random, text)
        network = (VICTIM / 'model.tflite').read_bytes()
        self._write_bundle(card, {'model.tflite': network})
        self.set([Parameter('model', value=str(self._folder))])

    def networks(self) -> None:
        """Set a model with a damaged network and a matching hash in the card."""
        kind, backend = pick(self._random, (('tflite', 'litert'), ('onnx', 'opencv')))
        name, sha256 = load_card(VICTIM).files[kind]
        network = mutated(self._random, (VICTIM / name).read_bytes())
        text = (VICTIM / CARD_NAME).read_text(encoding='utf-8')
        card = text.replace(sha256, hashlib.sha256(network).hexdigest())
        self._write_bundle(card.encode(), {name: network})
        self.set(
            [
                Parameter('model', value=str(self._folder)),
                Parameter('backend', value=backend),
            ]
        )

    def detectors(self) -> None:
        """Set damaged detector weights."""
        weights = [detector_weights()]
        for find in (haar.find_weights, blazeface.find_weights):
            try:
                weights.append(find())
            except DetectorError:
                continue
        chosen = pick(self._random, weights)
        path = self._folder / f'damaged{chosen.suffix}'
        path.write_bytes(mutated(self._random, chosen.read_bytes()))
        self.set(
            [Parameter('detector', value='auto'), Parameter('detector_model', value=str(path))]
        )

    def attack(self, kinds: list[str]) -> str:
        """Perform one attack of a random kind, and return its kind."""
        kind = pick(self._random, kinds)
        getattr(self, kind)()
        return kind

    def load_everything(self) -> None:
        """Load each back end and detector once, because their libraries keep their memory."""
        for name, value in (
            ('backend', 'opencv'),
            ('detector', 'haar'),
            ('detector', 'blazeface'),
        ):
            self.set([Parameter('detector_model', value=''), Parameter(name, value=value)])
            self.send_good_images(1)
        self.recover()

    def recover(self) -> None:
        """Restore the initial parameters of the node and activate it."""
        for _ in range(2):
            self._call(
                self._set, SetParameters.Request(parameters=default_parameters(**self.starting))
            )
            for transition in (
                Transition.TRANSITION_CONFIGURE,
                Transition.TRANSITION_ACTIVATE,
            ):
                request = ChangeState.Request(transition=Transition(id=transition))
                self._call(self._change, request)
        state = self._call(self._state, GetState.Request()).current_state
        if state.id != State.PRIMARY_STATE_ACTIVE:
            raise NodeDiedError(f'the node is {state.label}, not active')

    def send_good_images(self, count: int) -> None:
        """Send valid images, and resend each one until the node publishes its result."""
        for _ in range(count):
            self._good_ones += 1
            self._good.header.stamp.sec = self._good_ones
            self._good.header.frame_id = wanted = f'good {self._good_ones}'
            end = time.monotonic() + PATIENCE
            while self._answered != wanted:
                self._check(end, 'a valid image')
                self._raw.publish(self._good)
                pause = time.monotonic() + RETRY
                while self._answered != wanted and time.monotonic() < pause:
                    time.sleep(PERIOD)

    def set(self, parameters: list[Parameter]) -> None:
        """Set parameters, and ignore whether the node accepts them."""
        request = SetParameters.Request(parameters=[one.to_parameter_msg() for one in parameters])
        self._call(self._set, request)

    def _write_bundle(self, card: bytes, networks: dict[str, bytes]) -> None:
        """Write a bundle into the folder."""
        for name, network in networks.items():
            (self._folder / name).write_bytes(network)
        (self._folder / CARD_NAME).write_bytes(card)

    def _call(self, client: Any, request: Any) -> Any:
        """Call a service of the node, and return its response."""
        end = time.monotonic() + PATIENCE
        while not client.service_is_ready():
            self._check(end, 'a request')
            time.sleep(PERIOD)
        answered = Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: answered.set())
        while not answered.wait(RETRY):
            self._check(end, 'a request')
        return future.result()

    def _check(self, end: float, what: str) -> None:
        """Raise an error if the node has ended, or has not responded in time."""
        if self.node is not None and self.node.poll() is not None:
            raise NodeDiedError(
                f'the node ended unexpectedly with exit status {self.node.returncode}'
            )
        if time.monotonic() > end:
            raise NodeDiedError(f'the node does not answer {what} within {PATIENCE:g} s')

    def _on_answer(self, message: Detection2DArray) -> None:
        """Store the frame id of the last result."""
        self._answered = message.header.frame_id


KINDS = ('images', 'parameters', 'transitions', 'cards', 'networks', 'detectors')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--minutes', type=float, default=10.0, help='duration in minutes (default: 10)'
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the random generator (default: 0)'
    )
    parser.add_argument(
        '--attacks',
        nargs='+',
        choices=KINDS,
        default=KINDS,
        help='kinds of attacks (default: all)',
    )


def run(arguments: argparse.Namespace) -> int:
    """
    Attack a node, and report whether it survived.

    :return: exit status: 1 if the memory of the node grew, else 0.
    :raises NodeDiedError: if the node ended or stopped responding.
    """
    settle_domain()
    attacks = list(arguments.attacks)
    print(
        f'{arguments.minutes:g} minutes of attacks ({", ".join(attacks)}), seed {arguments.seed}',
        flush=True,
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as log,
        Attacker(Path(folder), arguments.seed) as attacker,
        process('emotion_node', attacker.starting, log, env=environment()) as node,
    ):
        attacker.node = node
        try:
            attacker.load_everything()
            attacker.send_good_images(WARM_UP)
            before = resident_memory(node.pid)
            _attack(attacker, node, attacks, arguments.minutes * 60)
            attacker.recover()
            attacker.send_good_images(WARM_UP)
            after = resident_memory(node.pid)
        except NodeDiedError:
            log.seek(0)
            print(log.read().decode(errors='replace')[-END_OF_LOG:])
            raise
    flat = after <= MOST_GROWTH * before
    print(
        f'the node is alive and responds; memory {before / MIB:.1f} MiB before and '
        f'{after / MIB:.1f} MiB after, {after / before:.2f} times: {"stable" if flat else "GROWS"}'
    )
    return 0 if flat else 1


def _attack(
    attacker: Attacker, node: subprocess.Popen[bytes], kinds: list[str], seconds: float
) -> None:
    """Attack a node for some time, and print one line per minute."""
    made: Counter[str] = Counter()
    began = time.monotonic()
    printed = -1
    while (now := time.monotonic() - began) < seconds:
        made[attacker.attack(kinds)] += 1
        if int(now // 60) > printed:
            printed = int(now // 60)
            memory, threads = resident_memory(node.pid), thread_count(node.pid)
            counts = ', '.join(f'{count} {kind}' for kind, count in sorted(made.items()))
            print(
                f'{printed:4d} min  {memory / MIB:7.1f} MiB  {threads} threads  {counts}',
                flush=True,
            )
    print(f'{sum(made.values())} attacks: {dict(sorted(made.items()))}')
