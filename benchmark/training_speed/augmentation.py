"""
Measure the speed of augmentation for training: `python -m benchmark augmentation`.

The command measures the augmented images per second, compared with Keras's ImageDataGenerator with
the same operations. The command also measures the fraction of the time that a network waits for
batches during training.
"""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
import json
from pathlib import Path
import time
from typing import Any

import keras
import numpy as np

from benchmark.rig.options import add_data_option
from benchmark.rig.options import add_json_option
from benchmark.rig.timing import how_much_faster
from benchmark.rig.timing import machine
from benchmark.rig.timing import time_in_turns
from training.data.datasets import data_root
from training.data.datasets import FaceData
from training.data.datasets import TRAIN
from training.data.reading.forms import read_data
from training.learning.batches import EpochBatches
from training.learning.optimization import compile_model
from training.learning.targets import prepare_targets
from training.learning.workers import THREADS
from training.recipes.building import build_model
from training.recipes.building import set_whitening
from training.recipes.building import standardised_range
from training.recipes.building import WHITENING
from training.recipes.heads import head_labels
from training.recipes.library import load_recipe
from training.recipes.recipe import Recipe

# Keras needs milliseconds to whiten one image. A fraction of the images is therefore enough.
WHITENED = 0.25

# The augmentation of the notebooks: flip, shift, shear, rotation and brightness.
AUGMENTATION = load_recipe(Path('com3528_vgg')).augmentation

# The same augmentation for Keras, where shear is an angle.
KERAS_AUGMENTATION = {
    'horizontal_flip': AUGMENTATION.flip,
    'width_shift_range': AUGMENTATION.shift,
    'height_shift_range': AUGMENTATION.shift,
    'rotation_range': AUGMENTATION.rotation_deg,
    'shear_range': float(np.degrees(np.arctan(AUGMENTATION.shear))),
    'brightness_range': AUGMENTATION.brightness_factor,
    'fill_mode': 'nearest',
}

BATCH_SIZES = '64,128'

# Recipes with the measured networks: the largest network, and the fastest of each kind.
NETWORKS = ('com3528_vgg', 'csce633_fnn1', 'csce633_cnn3', 'gr5243_vgg19', 'mini_xception')

# Number of batches prepared in advance, as in Keras's `fit`.
AHEAD = 10

# Number of steps before the measured steps. The first step compiles the network.
WARM_UP = 2


def pipeline_recipe(batch_size: int, images: np.ndarray) -> Recipe:
    """
    Return a recipe with the augmentation of the notebooks.

    :param batch_size: images per step.
    :param images: (N, H, W) uint8; the input is standardised to the mean 0 and the deviation 1 of
        these images.
    :return: the recipe.
    """
    return replace(
        load_recipe(Path('gr5243_vgg19')),
        augmentation=AUGMENTATION,
        batch_size=batch_size,
        value_range=standardised_range(images),
        seed=0,
    )


def keras_generator(images: np.ndarray, batch_size: int, whitening: bool) -> Iterable[Any]:
    """
    Return a Keras generator of augmented batches.

    :param images: (N, H, W) uint8 gray pictures.
    :param batch_size: images per batch.
    :param whitening: whether to apply ZCA whitening as well.
    :return: an endless iterable of batches.
    """
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        featurewise_center=True,
        # ZCA whitening already scales the images.
        featurewise_std_normalization=not whitening,
        zca_whitening=whitening,
        **KERAS_AUGMENTATION,
    )
    pictures = images[..., None].astype(np.float32)
    generator.fit(pictures)
    return generator.flow(pictures, np.zeros(len(images)), batch_size=batch_size, seed=0)


def compare(data: FaceData, batch_size: int, whitening: bool, runs: int) -> dict[str, Any]:
    """
    Measure both pipelines on the same images.

    In this package, whitening is a layer of the network. Here, NumPy computes the matrix product
    of this layer, and the time includes it.

    :param data: FER2013 images; each run processes all of them.
    :param batch_size: images per batch.
    :param whitening: whether to apply ZCA whitening as well.
    :param runs: number of runs of each pipeline.
    :return: the measured figures.
    """
    recipe = replace(pipeline_recipe(batch_size, data.images), whitening=whitening)
    batches = EpochBatches(data, prepare_targets(data, recipe), recipe, epoch=0)
    theirs = iter(keras_generator(data.images, batch_size, whitening))
    matrix, bias = np.empty((0, 0), np.float32), np.empty(0, np.float32)
    if whitening:
        model = build_model(recipe, head_labels(recipe, data.label_names))
        set_whitening(model, data.images, recipe)
        matrix, bias = model.get_layer(WHITENING).get_weights()

    def ours() -> None:
        for index in range(len(batches)):
            inputs, _ = batches[index]
            if whitening:
                flat = inputs.reshape(len(inputs), -1) @ matrix
                flat += bias

    def keras_pipeline() -> None:
        for _ in range(len(batches)):
            next(theirs)

    timings = time_in_turns({'keras': keras_pipeline, 'training': ours}, runs)
    pictures = len(batches) * batch_size
    return {
        'batch_size': batch_size,
        'whitening': whitening,
        **{
            f'{name}_pictures_per_second': round(pictures / timing.summary()['seconds'])
            for name, timing in timings.items()
        },
        **how_much_faster(timings['keras'], timings['training']),
    }


def watch_training(data: FaceData, name: str, steps: int, batch_size: int = 64) -> dict[str, Any]:
    """
    Train for some steps, and measure how long the network waits for its batches.

    As in Keras's `fit`, threads prepare batches in advance while the network computes.

    :param data: FER2013 images.
    :param name: name of the recipe whose network is trained. The augmentation is always that of
        the notebooks.
    :param steps: number of measured steps; use more than AHEAD.
    :param batch_size: images per step.
    :return: the measured figures.
    """
    recipe = load_recipe(Path(name))
    recipe = replace(
        recipe,
        augmentation=AUGMENTATION,
        batch_size=batch_size,
        sides=(),
        value_range=standardised_range(data.images),
    )
    model = build_model(recipe, head_labels(recipe, data.label_names))
    compile_model(model, recipe, steps)
    batches = EpochBatches(data, prepare_targets(data, recipe), recipe, epoch=0)
    alone = time_in_turns({'batch': lambda: batches[0]}, AHEAD)['batch'].summary()['seconds']
    waited = computed = 0.0
    queue: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for step in range(WARM_UP + steps):
            while len(queue) < AHEAD:
                queue.append(pool.submit(batches.__getitem__, (step + len(queue)) % len(batches)))
            begin = time.perf_counter()
            inputs, targets = queue.popleft().result()
            there = time.perf_counter()
            model.train_on_batch(inputs, targets)
            if step >= WARM_UP:
                waited += there - begin
                computed += time.perf_counter() - there
    return {
        'network': name,
        'parameters': model.count_params(),
        'batch_size': batch_size,
        'steps': steps,
        'seconds_per_step': round(computed / steps, 4),
        'seconds_per_batch_alone': round(alone, 4),
        'idle': round(waited / (waited + computed), 4),
        'idle_without_threads': round(alone / (alone + computed / steps), 4),
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command `augmentation`."""
    add_data_option(parser)
    parser.add_argument(
        '--pictures', type=int, default=1024, help='pictures per run (default: 1024)'
    )
    parser.add_argument(
        '--batch-sizes', default=BATCH_SIZES, help='pictures per batch (default: %(default)s)'
    )
    parser.add_argument('--runs', type=int, default=3, help='runs of each pipeline (default: 3)')
    parser.add_argument(
        '--steps', type=int, default=20, help='training steps to measure (default: 20)'
    )
    parser.add_argument(
        '--networks',
        default=','.join(NETWORKS),
        help='recipes whose networks are measured during training (default: %(default)s)',
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `augmentation`."""
    data = read_data(data_root(arguments.data)).of_split(TRAIN)
    some = data.take(np.arange(len(data))[: arguments.pictures])
    few = some.take(np.arange(int(len(some) * WHITENED)))
    figures: dict[str, Any] = {
        'machine': machine(),
        'engine': keras.backend.backend(),
        'pictures': len(some),
        'runs': arguments.runs,
        'pipelines': [
            compare(few if whitening else some, batch_size, whitening, arguments.runs)
            for whitening in (False, True)
            for batch_size in map(int, arguments.batch_sizes.split(','))
        ],
        'training': [
            watch_training(some, name, arguments.steps)
            for name in arguments.networks.split(',')
            if name
        ],
    }
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return 0
    print(
        f'{figures["pictures"]} pictures, median of {figures["runs"]} alternating runs, on '
        f'{figures["machine"]}'
    )
    for row in figures['pipelines']:
        print(
            f'batch {row["batch_size"]:3}{", ZCA" if row["whitening"] else "":5}  Keras '
            f'{row["keras_pictures_per_second"]:6} pictures/s  training '
            f'{row["training_pictures_per_second"]:6}  {row["times_as_fast"]:5.1f} times as fast '
            f'({row["times_as_fast_by_cpu"]:.1f} by processor time)'
        )
    for row in figures['training']:
        print(
            f'{row["network"]:14} {row["parameters"]:11,} parameters  '
            f'{1000 * row["seconds_per_step"]:7.1f} ms per step, '
            f'{1000 * row["seconds_per_batch_alone"]:5.1f} ms per batch, idle '
            f'{100 * row["idle"]:.1f} % ({100 * row["idle_without_threads"]:.1f} % without '
            'threads)'
        )
    return 0
