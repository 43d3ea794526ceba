"""Test that a trial survives any behaviour of its child, and that the child never outlives it."""

import os
from pathlib import Path
import random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import psutil
import pytest

from cards import write_card
from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import choice
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.detection import weights as detector_files
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models import trial
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.models.trial import run_trial
from fer_ros.perception.models.trial import TrialError
from fer_ros.perception.settings import DEFAULT_MODEL


@pytest.fixture
def misbehaving(monkeypatch):
    """Replace the module of the child process."""
    monkeypatch.setattr(trial, 'CHILD', 'misbehaving_child')


@pytest.mark.parametrize(
    ('act', 'sentence'),
    [
        ('crash', 'ended by SIGSEGV'),
        ('silent', 'ended with exit status 3 and without a result'),
        ('read', 'it has 7 bytes'),
    ],
)
def test_a_child_that_fails_is_a_refusal_with_its_cause(misbehaving, act, sentence):
    with pytest.raises(TrialError, match=sentence):
        run_trial({'engine': act}, b'content')


@pytest.mark.parametrize('act', ['hang', 'chatter'])
def test_a_child_that_waits_for_ever_is_ended(misbehaving, monkeypatch, act):
    monkeypatch.setattr(trial, 'IDLE_LIMIT', 0.5)

    with pytest.raises(TrialError, match=r'used no CPU time for 0\.5 s'):
        run_trial({'engine': act}, b'content')


def test_a_child_that_works_for_ever_is_ended(misbehaving):
    with pytest.raises(TrialError, match=r'did not end within 0\.7 s of CPU time'):
        run_trial({'engine': 'busy'}, b'content', 0.7)


class SlowProcess:
    """A stand-in for a child process that ends after a number of polls, each one second apart."""

    pid = 1

    def __init__(self, monkeypatch, looks, cpu_share):
        self.looks, self.passed = looks, 0
        monkeypatch.setattr(trial.time, 'monotonic', lambda: 1000.0 + self.passed)
        monkeypatch.setattr(trial, '_cpu_time', lambda *_: cpu_share * self.passed)
        monkeypatch.setattr(trial, '_resident_memory', lambda _: 0)

    def wait(self, timeout):
        self.passed += 1
        if self.passed > self.looks:
            return 0
        raise subprocess.TimeoutExpired('child', timeout)


def test_a_slow_machine_takes_the_time_that_it_needs(monkeypatch):
    assert trial._wait(SlowProcess(monkeypatch, 4000, 0.01), trial.CPU_LIMIT) == 0


@pytest.mark.parametrize(
    ('cpu_share', 'sentence'),
    [
        (0.02, 'did not end within 60 s of CPU time'),
        (0.005, 'used no CPU time for 60 s'),
        (0.0, 'used no CPU time for 60 s'),
    ],
)
def test_a_child_that_hangs_on_a_slow_machine_is_ended(monkeypatch, cpu_share, sentence):
    with pytest.raises(TrialError, match=sentence):
        trial._wait(SlowProcess(monkeypatch, 4000, cpu_share), trial.CPU_LIMIT)


def test_the_cpu_time_of_a_process_is_measured():
    before = trial._cpu_time(os.getpid(), -1.0)
    while trial._cpu_time(os.getpid(), -1.0) == before:
        pass

    assert before >= 0
    assert trial._cpu_time(0, 7.0) == 7.0


@pytest.mark.parametrize(('name', 'limit'), [('jax', 600.0), ('litert', None)])
def test_an_engine_that_compiles_may_take_longer(monkeypatch, accepted, tmp_path, name, limit):
    limits = []
    monkeypatch.setattr(choice, 'run_trial', lambda *given: limits.append(given[2]))
    card = load_card(find_bundle('fer2013_tiny'))

    choice.ensure_tried(name, card, b'content')

    assert limits == [limit]


def test_a_child_that_takes_too_much_memory_is_ended(misbehaving, monkeypatch):
    monkeypatch.setattr(trial, 'MEMORY_LIMIT', 200 << 20)

    with pytest.raises(TrialError, match='MiB of memory, more than the limit of 200 MiB'):
        run_trial({'engine': 'memory'}, b'content')


def test_an_answer_of_the_child_is_one_short_printable_line(misbehaving):
    with pytest.raises(TrialError) as caught:
        run_trial({'engine': 'path'}, b'content')

    assert len(str(caught.value)) <= 300
    assert str(caught.value).isprintable()


def test_the_child_ends_with_its_parent():
    script = """
        import subprocess
        from fer_ros.perception.models import trial
        wait = subprocess.Popen.wait
        def told(self, timeout=None):
            print(self.pid, flush=True)
            return wait(self, timeout)
        subprocess.Popen.wait = told
        trial.CHILD = 'hanging_child'
        trial.run_trial({'engine': 'hang'}, b'content')
    """
    # The child sets the limits of a real child, and then hangs.
    with subprocess.Popen(
        [sys.executable, '-c', textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
    ) as parent:
        child = int(parent.stdout.readline())
        while psutil.Process(child).name() != 'ready':
            time.sleep(0.01)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    # init reaps a killed process. In some containers, the process remains as a zombie.
    while is_alive(child):
        time.sleep(0.01)


def is_alive(process_id):
    try:
        status = psutil.Process(process_id).status()
    except psutil.NoSuchProcess:
        return False
    return status not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


@pytest.fixture
def counted(monkeypatch, accepted):
    """Count the trials, with no content accepted before."""
    trials = []

    def run(request, content, *limits):
        trials.append(request['engine'])
        run_trial(request, content, *limits)

    monkeypatch.setattr(choice, 'run_trial', run)
    monkeypatch.setattr(detector_files, 'run_trial', run)
    return trials


def test_shipped_models_are_loaded_without_a_child(counted):
    for name in ('fer2013_mobile', 'fer2013_tiny', 'ferplus_mobile', 'ferplus_tiny'):
        create_classifier(load_card(find_bundle(name)), 'opencv')

    assert counted == []


def test_an_unknown_network_is_tried_once_in_a_process(counted, tmp_path):
    card = load_card(find_bundle('fer2013_tiny'))
    # Trailing bytes that protobuf skips as an unknown field.
    content = card.read('onnx') + b'\xfa\x3f\x01x'
    write_card(tmp_path, card, 'onnx', content)

    for _ in range(2):
        classifier = create_classifier(load_card(tmp_path), 'opencv')
        assert classifier.classify([np.zeros((48, 48), np.uint8)]).shape == (1, 7)

    assert counted == ['opencv']


def test_a_network_that_disagrees_with_its_card_is_refused_by_the_trial(counted, tmp_path):
    card = load_card(find_bundle('fer2013_tiny'))
    content = card.read('onnx') + b'\xfa\x3f\x01x'
    write_card(tmp_path, card, 'onnx', content, labels=['happy', 'sad'])

    with pytest.raises(BundleError, match='has 2 labels .* has 7 outputs'):
        create_classifier(load_card(tmp_path), 'opencv')
    assert counted == ['opencv']


def mutant(content, seed):
    """Change a few bytes, most of them in the tables at both ends of the file."""
    random_numbers = random.Random(seed)
    changed = bytearray(content)
    for _ in range(random_numbers.choice([1, 2, 8, 64])):
        place = random_numbers.choice(
            [
                random_numbers.randrange(len(changed)),
                random_numbers.randrange(4096),
                len(changed) - 1 - random_numbers.randrange(1 << 16),
            ]
        )
        changed[place] = random_numbers.choice([0, 255, random_numbers.randrange(256)])
    return bytes(changed)


@pytest.mark.parametrize('seed', range(8))
def test_a_mutated_network_is_refused_or_runs(accepted, tmp_path, seed):
    pytest.importorskip('ai_edge_litert')
    card = load_card(find_bundle('fer2013_tiny'))
    write_card(tmp_path, card, 'tflite', mutant(card.read('tflite'), seed))

    try:
        classifier = create_classifier(load_card(tmp_path), 'litert')
    except (BackendError, BundleError):
        return
    for count in (1, 3, 17):
        classifier.classify(list(np.full((count, 48, 48), 99, np.uint8)))


@pytest.mark.parametrize('seed', range(4))
def test_mutated_weights_of_blazeface_are_refused_or_run(accepted, tmp_path, seed):
    try:
        weights = Path(create_detector('blazeface').reason.removeprefix('with '))
    except DetectorError as error:
        pytest.skip(str(error))
    (tmp_path / 'mutant.tflite').write_bytes(mutant(weights.read_bytes(), seed))

    try:
        detector = create_detector('blazeface', str(tmp_path / 'mutant.tflite'))
    except DetectorError:
        return
    detector.detect(np.full((480, 640, 3), 99, np.uint8), 0.3, 24)


def test_models_of_a_symlink_install_are_loaded(counted, tmp_path, monkeypatch):
    source = find_bundle(DEFAULT_MODEL).resolve()
    installed = tmp_path / 'share' / 'fer_ros' / 'models' / DEFAULT_MODEL
    installed.mkdir(parents=True)
    for path in source.iterdir():
        (installed / path.name).symlink_to(path)
    monkeypatch.setenv('FER_ROS_MODELS', str(installed.parent))

    folder = find_bundle(DEFAULT_MODEL)
    card = load_card(folder)
    create_classifier(card, 'opencv')

    assert folder == installed
    assert sha256_of_bytes(card.read('keras')) == card.sha256('keras')
    assert counted == []
