"""Test that training on the device resumes and learns, in a process that uses JAX."""

import csv
import importlib.util
import json
import os
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

from training.runs.files import BEST
from training.runs.files import CHECKPOINT
from training.runs.files import LOG

ROOT = Path(__file__).resolve().parents[4]

# The script trains four runs: a complete run; the same run in two parts, interrupted within an
# epoch; and two runs with the first run as teacher, on the device and with batches from the CPU.
SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path[:0] = ['.', 'test/support']
import numpy as np
from made_up_faces import make_up
from tiny_recipe import TINY
from training.learning.loop import train
from training.learning.on_device.loop import train_on_device
from training.learning.on_device.trainer import DeviceTrainer

folder = Path(sys.argv[1])
data = make_up(40), make_up(15, 'public', seed=1)
recipe = replace(TINY, sides=(), epochs=3)
train_on_device(recipe, *data, folder / 'whole')

run = DeviceTrainer.run
def interrupted(self, epoch):
    loss = run(self, epoch)
    if epoch == 1:
        raise KeyboardInterrupt
    return loss
DeviceTrainer.run = interrupted
try:
    train_on_device(recipe, *data, folder / 'parts')
except KeyboardInterrupt:
    print('interrupted')
DeviceTrainer.run = run
train_on_device(recipe, *data, folder / 'parts', resume=True)

taught = replace(recipe, epochs=1, teachers=(str(folder / 'whole'),), consistent=True)
train_on_device(taught, *data, folder / 'taught_True')
train(taught, *data, folder / 'taught_False')
try:
    train(recipe, *data, folder / 'parts', resume=True)
except ValueError as error:
    print('refused:', error)

import keras
from keras import layers
from training.networks.parts.fused import ShiftedDepthwiseConv2D
for padding, stride, side in (('same', 1, 13), ('valid', 2, 27), ('valid', 2, 26)):
    options = {'strides': stride, 'padding': padding, 'use_bias': False}
    theirs, ours = layers.DepthwiseConv2D(3, **options), ShiftedDepthwiseConv2D(3, **options)
    pictures = np.random.default_rng(0).normal(size=(2, side, side, 5)).astype(np.float32)
    expected = theirs(pictures)
    ours.build(pictures.shape)
    ours.set_weights(theirs.get_weights())
    print('depthwise', np.abs(np.asarray(ours(pictures)) - np.asarray(expected)).max() < 1e-5)
"""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec('jax') is None, reason='JAX is not installed'
)


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Run the script. Return its folder and its output."""
    folder = tmp_path_factory.mktemp('runs')
    environment = os.environ | {
        'KERAS_BACKEND': 'jax',
        'JAX_PLATFORMS': 'cpu',
        # Optimisation is disabled, because compiling takes longer than computing here.
        'XLA_FLAGS': '--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true',
        'JAX_COMPILATION_CACHE_DIR': str(folder / 'cache'),
        'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0',
    }
    process = subprocess.run(
        [sys.executable, '-c', SCRIPT, str(folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return folder, process.stdout


def weights_of(folder):
    with np.load(folder / CHECKPOINT) as saved:
        return {name: saved[name] for name in saved.files if name != 'state'}


def state_of(folder):
    with np.load(folder / CHECKPOINT) as saved:
        return json.loads(str(saved['state']))


def test_an_interrupted_run_ends_with_the_weights_of_a_whole_one(runs):
    folder, printed = runs
    assert 'interrupted' in printed
    assert 'resumed after epoch 1 of 3' in printed
    expected, found = weights_of(folder / 'whole'), weights_of(folder / 'parts')
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    for name in ('whole', 'parts'):
        with open(folder / name / LOG, newline='', encoding='utf-8') as file:
            assert [row['epoch'] for row in csv.DictReader(file)] == ['1', '2', '3']


def test_the_steps_and_the_averages_are_counted(runs):
    folder, _ = runs
    state = state_of(folder / 'whole')
    assert state['on_device'] is True
    # 40 images are 5 batches of 8.
    assert state['average_steps'] == 15
    assert state['epoch'] == 3
    assert (folder / 'whole' / BEST).is_file()


def test_teachers_are_asked_about_each_batch_on_the_device_and_by_the_cpu(runs):
    folder, _ = runs
    states = [state_of(folder / f'taught_{way}') for way in (True, False)]
    assert [state['taught_by'][0]['recipe'] for state in states] == ['tiny', 'tiny']
    assert [state['on_device'] for state in states] == [True, False]


def test_a_run_goes_on_where_it_began(runs):
    _, printed = runs
    assert 'refused: ' in printed
    assert "'on_device': True" in printed


def test_a_depthwise_convolution_is_a_sum_of_shifted_pictures(runs):
    _, printed = runs
    assert printed.count('depthwise True') == 3
