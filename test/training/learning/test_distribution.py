"""Test runs on JAX in separate processes, because the number of devices is fixed at the start."""

import csv
import importlib.util
import os
from pathlib import Path
import socket
import subprocess
import sys

import numpy as np
import pytest

from training.learning.distribution import Share
from training.runs.files import CHECKPOINT
from training.runs.files import LOG

ROOT = Path(__file__).resolve().parents[3]

# The script trains a network with dropout, normalisation and mixup for two epochs.
SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = ['.', 'test/support']
import keras
from training.learning.distribution import distribute, WHOLE
share = distribute() if sys.argv[2] == 'distribute' else WHOLE
from made_up_faces import make_up
from tiny_recipe import TINY
from dataclasses import replace
from training.learning.loop import train
recipe = replace(TINY, sides=(), epochs=2, average=0.0)
train(recipe, make_up(40), make_up(15, 'public', seed=1), Path(sys.argv[1]), share=share)
print('devices', share.devices)
"""

needs_jax = pytest.mark.skipif(
    importlib.util.find_spec('jax') is None, reason='JAX is not installed'
)


@pytest.fixture(scope='module')
def cache(tmp_path_factory):
    """Return a folder for compiled JAX code, because most of it is the same in all processes."""
    return tmp_path_factory.mktemp('cache')


def start(cache, folder, how, devices=1, **variables):
    environment = os.environ | {
        'KERAS_BACKEND': 'jax',
        'JAX_PLATFORMS': 'cpu',
        # Optimisation is disabled, because compiling takes longer than computing here.
        'XLA_FLAGS': f'--xla_force_host_platform_device_count={devices} '
        '--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true',
        'JAX_COMPILATION_CACHE_DIR': str(cache),
        'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0',
        **variables,
    }
    return subprocess.Popen(
        [sys.executable, '-c', SCRIPT, str(folder), how],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(processes):
    """Wait for parallel processes, and return the output of each."""
    try:
        told = [process.communicate(timeout=150) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (_, errors) in zip(processes, told, strict=True):
        assert process.returncode == 0, errors[-3000:]
    return [output for output, _ in told]


@pytest.fixture(scope='module')
def runs(tmp_path_factory, cache):
    """Return folder and output of two parallel runs, one on one device, one on two devices."""
    hows = {'alone': 1, 'distribute': 2}
    folders = {how: tmp_path_factory.mktemp(how) for how in hows}
    outputs = finish([start(cache, folders[how], how, devices) for how, devices in hows.items()])
    return {how: (folders[how], output) for how, output in zip(hows, outputs, strict=True)}


def assert_same_run(one, other):
    losses = []
    for folder in (one, other):
        with open(folder / LOG, newline='', encoding='utf-8') as file:
            losses.append([float(row['loss']) for row in csv.DictReader(file)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    with np.load(one / CHECKPOINT) as expected, np.load(other / CHECKPOINT) as found:
        assert found.files == expected.files
        for name in found.files:
            if name != 'state':
                np.testing.assert_allclose(
                    found[name], expected[name], rtol=1e-3, atol=1e-4, err_msg=name
                )


@needs_jax
def test_two_devices_give_the_loss_and_the_weights_of_one(runs):
    (on_one, _), (on_two, output) = runs['alone'], runs['distribute']

    assert 'devices 2' in output
    assert_same_run(on_one, on_two)


@needs_jax
def test_two_processes_give_the_loss_and_the_weights_of_one(tmp_path, runs, cache):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        address = f'127.0.0.1:{free.getsockname()[1]}'
    processes = [
        start(
            cache,
            tmp_path,
            'distribute',
            KERAS_DISTRIBUTION_JOB_ADDRESSES=address,
            KERAS_DISTRIBUTION_NUM_PROCESSES='2',
            KERAS_DISTRIBUTION_PROCESS_ID=str(index),
        )
        for index in range(2)
    ]

    outputs = finish(processes)

    assert all('devices 2' in output for output in outputs)
    # Only the first process writes.
    assert ['epoch 1,' in output for output in outputs] == [True, False]
    assert_same_run(runs['alone'][0], tmp_path)


@needs_jax
def test_the_average_follows_the_weights_on_jax(runs):
    with np.load(runs['alone'][0] / CHECKPOINT) as saved:
        averages = [saved[name] for name in saved.files if name.startswith('average/')]
        weights = [saved[name] for name in saved.files if name.startswith('model/')]

    # With a decay of 0, the average equals the newest weights. During training, JAX hides the
    # newest weights from the model.
    assert averages
    for average in averages:
        assert any(np.array_equal(average, weight) for weight in weights)


@pytest.mark.parametrize(('index', 'rows'), [(0, slice(0, 4)), (1, slice(4, 8))])
def test_processes_feed_their_part_of_a_batch(index, rows):
    assert Share(index, 2, 4).rows(8) == rows


def test_a_batch_that_cannot_be_shared_out_is_refused():
    with pytest.raises(ValueError, match='a batch of 9 pictures .* 4 devices'):
        Share(0, 1, 4).check(9)
