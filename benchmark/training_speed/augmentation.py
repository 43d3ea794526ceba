"""
How fast pictures are changed for training: `python -m benchmark augmentation`.

Two questions.  How many pictures a second go through, beside Keras's ImageDataGenerator with the
same operations; and for what share of the time a network waits for them while it trains.
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

# Whitening takes Keras milliseconds a picture: this share of the pictures is enough for it.
WHITENED = 0.25

# What the notebooks do to each picture: mirror, shift, shear, turn, light or darken it.
AUGMENTATION = load_recipe(Path('com3528_vgg')).augmentation

# The same for Keras, whose shear is an angle.
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

# The recipes whose networks are watched: the largest, and the quickest of each kind.
NETWORKS = ('com3528_vgg', 'csce633_fnn1', 'csce633_cnn3', 'gr5243_vgg19', 'mini_xception')

# Batches that are made ahead, as many as Keras's `fit` keeps.
AHEAD = 10

# Steps before those that count; in the first the network is compiled.
WARM_UP = 2


def pipeline_recipe(batch_size: int, images: np.ndarray) -> Recipe:
    """
    Give a recipe with what the notebooks do to each picture.

    :param batch_size: pictures a step.
    :param images: (N, H, W) uint8, whose mean and deviation are made 0 and 1.
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
    Give Keras's batches of changed pictures.

    :param images: (N, H, W) uint8.
    :param batch_size: pictures a batch.
    :param whitening: by ZCA as well.
    :return: batches without end.
    """
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        featurewise_center=True,
        # Whitening scales by itself.
        featurewise_std_normalization=not whitening,
        zca_whitening=whitening,
        **KERAS_AUGMENTATION,
    )
    pictures = images[..., None].astype(np.float32)
    generator.fit(pictures)
    return generator.flow(pictures, np.zeros(len(images)), batch_size=batch_size, seed=0)


def compare(data: FaceData, batch_size: int, whitening: bool, runs: int) -> dict[str, Any]:
    """
    Time both pipelines over the same pictures.

    Here whitening is a layer of the network; its arithmetic is done with NumPy and counts.

    :param data: of FER2013; all of it goes through in each run.
    :param batch_size: pictures a batch.
    :param whitening: by ZCA as well.
    :param runs: of each pipeline.
    :return: the figures.
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
    Train for some steps, and see how long the network waits for its batches.

    As in Keras's `fit`, threads make batches ahead while the network computes.

    :param data: of FER2013.
    :param name: of a recipe, whose network is trained; the pictures are changed as the notebooks
        do it, whether the recipe does or not.
    :param steps: that count; some more than are made ahead.
    :param batch_size: pictures a step.
    :return: the figures.
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
    """Tell what `augmentation` takes."""
    parser.add_argument('--data', help='FER2013 (default: FER_ROS_DATA)')
    parser.add_argument('--pictures', type=int, default=1024, help='a run (default: 1024)')
    parser.add_argument(
        '--batch-sizes', default=BATCH_SIZES, help='pictures a batch (default: %(default)s)'
    )
    parser.add_argument('--runs', type=int, default=3, help='of each pipeline (default: 3)')
    parser.add_argument('--steps', type=int, default=20, help='of training (default: 20)')
    parser.add_argument(
        '--networks',
        default=','.join(NETWORKS),
        help='recipes whose networks are watched while they train (default: %(default)s)',
    )
    parser.add_argument('--json', action='store_true', help='print the figures as JSON')


def run(arguments: argparse.Namespace) -> int:
    """Carry out `augmentation`."""
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
        f'{figures["pictures"]} pictures, median of {figures["runs"]} runs in turns, on '
        f'{figures["machine"]}'
    )
    for row in figures['pipelines']:
        print(
            f'batch {row["batch_size"]:3}{", ZCA" if row["whitening"] else "":5}  '
            f'Keras {row["keras_pictures_per_second"]:6} pictures/s  '
            f'training {row["training_pictures_per_second"]:6}  '
            f'{row["times_as_fast"]:5.1f} times '
            f'({row["times_as_fast_by_cpu"]:.1f} by processor time)'
        )
    for row in figures['training']:
        print(
            f'{row["network"]:14} {row["parameters"]:11,} parameters  '
            f'{1000 * row["seconds_per_step"]:7.1f} ms a step, '
            f'{1000 * row["seconds_per_batch_alone"]:5.1f} ms a batch, '
            f'idle {100 * row["idle"]:.1f} % '
            f'({100 * row["idle_without_threads"]:.1f} % without threads)'
        )
    return 0
