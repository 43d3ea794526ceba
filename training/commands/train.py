"""Train a recipe: `python -m training train fer_mobile`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.commands.data_arguments import add_data_arguments
from training.commands.data_arguments import part
from training.commands.data_arguments import read_selected
from training.commands.data_arguments import selection_from
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN
from training.learning.distribution import distribute
from training.learning.distribution import WHOLE
from training.learning.loop import train
from training.learning.memory import keep_freed_memory
from training.learning.smoke import SMOKE_COUNT
from training.learning.smoke import smoke_recipe
from training.recipes.library import load_recipe
from training.runs.files import BEST

# Settings that the command line may change.
CHANGEABLE = ('epochs', 'seed', 'weights', 'precision', 'teachers', 'held_back', 'consistent')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `train`."""
    parser.add_argument('recipe', type=Path, help='a recipe: its file, or its name')
    parser.add_argument('--output', type=Path, help='folder of the run (default: runs/<name>)')
    parser.add_argument('--epochs', type=int, help='another number than the recipe has')
    parser.add_argument('--seed', type=int, help='another seed than the recipe has')
    parser.add_argument(
        '--weights', help="of the backbone: 'none' for chance, 'imagenet', or a file of them"
    )
    parser.add_argument(
        '--teachers', nargs='+', help='folders of runs or bundles that it learns from as well'
    )
    parser.add_argument(
        '--hold-back',
        dest='held_back',
        type=part,
        metavar='K/N',
        help='do not learn from the K-th of N parts, to teach that part alone afterwards',
    )
    parser.add_argument(
        '--consistent',
        action='store_true',
        default=None,
        help='ask the teachers about each batch as it is augmented, not once about the pictures',
    )
    parser.add_argument('--precision', help='float32, mixed_bfloat16 or mixed_float16')
    parser.add_argument(
        '--distribute',
        action='store_true',
        help='train on all devices of JAX, of this machine or of several',
    )
    parser.add_argument(
        '--workers', type=int, default=0, help='processes that make batches, for a fast GPU'
    )
    parser.add_argument(
        '--on-device',
        action='store_true',
        help='keep pictures, augmentation and network on one device (KERAS_BACKEND=jax)',
    )
    parser.add_argument('--smoke', action='store_true', help='all steps, on 64 pictures')
    parser.add_argument('--resume', action='store_true', help='go on with an interrupted run')
    add_data_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `train`."""
    keep_freed_memory()
    # `distribute` must be called first, because JAX cannot join other machines after a
    # computation.
    share = distribute() if arguments.distribute else WHOLE
    recipe = load_recipe(arguments.recipe)
    changes = {name: getattr(arguments, name) for name in CHANGEABLE}
    if changes['teachers']:
        changes['teachers'] = tuple(changes['teachers'])
    recipe = replace(recipe, **{name: v for name, v in changes.items() if v is not None})
    recipe = replace(recipe, selection=selection_from(arguments, recipe.selection))
    data = read_selected(arguments, recipe.selection, recipe.dataset)
    training, validation = data.of_split(TRAIN), data.of_split(PUBLIC)
    name = recipe.name
    if arguments.smoke:
        recipe = smoke_recipe(recipe)
        training = training.take(np.arange(SMOKE_COUNT))
        validation = validation.take(np.arange(SMOKE_COUNT))
        name = f'{name}_smoke'
    folder = arguments.output or Path('runs') / name
    if arguments.on_device:
        from training.learning.on_device.loop import check_engine
        from training.learning.on_device.loop import train_on_device

        check_engine(share, arguments.workers)
        best = train_on_device(recipe, training, validation, folder, resume=arguments.resume)
    else:
        best = train(
            recipe,
            training,
            validation,
            folder,
            resume=arguments.resume,
            share=share,
            workers=arguments.workers,
        )
    chosen = ', '.join(f'{head} {100 * value:.2f} %' for head, value in best.items())
    print(f'best on the validation split: {chosen}; the weights are in {folder / BEST}')
    return 0
