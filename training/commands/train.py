"""Train a recipe: `python -m training train fer_mobile`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from training.commands.data_arguments import add_data_arguments
from training.commands.data_arguments import part
from training.commands.data_arguments import read_selected
from training.commands.data_arguments import selection_from
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN
from training.data.label_checks import report_gaps
from training.data.stratified import stratified
from training.learning.distribution import distribute
from training.learning.distribution import WHOLE
from training.learning.loop import train
from training.learning.memory import keep_freed_memory
from training.learning.smoke import SMOKE_COUNT
from training.learning.smoke import smoke_recipe
from training.recipes.library import load_recipe
from training.runs.files import BEST
from training.runs.files import check_output

# Settings that the command line may change.
CHANGEABLE = (
    'epochs',
    'batch_size',
    'seed',
    'weights',
    'precision',
    'teachers',
    'held_back',
    'consistent',
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `train`."""
    parser.add_argument('recipe', type=Path, help='name or file of the recipe')
    parser.add_argument('--output', type=Path, help='folder for the run (default: runs/<name>)')
    parser.add_argument(
        '--epochs', type=int, help='number of epochs, instead of that of the recipe'
    )
    parser.add_argument(
        '--batch-size', type=int, help='pictures per batch, instead of that of the recipe'
    )
    parser.add_argument('--seed', type=int, help='seed, instead of that of the recipe')
    parser.add_argument(
        '--weights', help="initial weights of the backbone: 'none' (random), 'imagenet', or a file"
    )
    parser.add_argument(
        '--teachers',
        nargs='+',
        help='folders of runs or bundles that are the teachers of the network',
    )
    parser.add_argument(
        '--hold-back',
        dest='held_back',
        type=part,
        metavar='K/N',
        help='do not train on the K-th of N parts of the pictures; as a teacher, the network '
        'later teaches only this part',
    )
    parser.add_argument(
        '--consistent',
        action='store_true',
        default=None,
        help='run the teachers on each augmented batch, instead of once on the original pictures',
    )
    parser.add_argument('--precision', help='precision: float32, mixed_bfloat16 or mixed_float16')
    parser.add_argument(
        '--distribute',
        action='store_true',
        help='train on all devices of JAX, on one or several machines',
    )
    parser.add_argument(
        '--workers',
        type=int,
        default=0,
        help='number of processes that create batches, for a fast GPU',
    )
    parser.add_argument(
        '--on-device',
        action='store_true',
        help='run data, augmentation and network on one device (needs KERAS_BACKEND=jax)',
    )
    parser.add_argument(
        '--smoke', action='store_true', help='run all steps, but only on at most 64 pictures'
    )
    parser.add_argument(
        '--resume',
        action='store_true',
        help='continue an interrupted run, or a finished run with more --epochs',
    )
    add_data_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `train`."""
    keep_freed_memory()
    # `distribute` must be called first, because JAX cannot join other machines after a
    # computation.
    share = distribute() if arguments.distribute else WHOLE
    check_output(arguments.output or Path('runs'))
    recipe = load_recipe(arguments.recipe)
    changes = {name: getattr(arguments, name) for name in CHANGEABLE}
    if changes['teachers']:
        changes['teachers'] = tuple(changes['teachers'])
    recipe = replace(recipe, **{name: v for name, v in changes.items() if v is not None})
    recipe = replace(recipe, selection=selection_from(arguments, recipe.selection))
    data = read_selected(arguments, recipe.selection, recipe.dataset)
    training, validation = data.of_split(TRAIN), data.of_split(PUBLIC)
    report_gaps(data, arguments.strict)
    name = recipe.name
    if arguments.smoke:
        recipe = smoke_recipe(recipe)
        training = stratified(training, SMOKE_COUNT)
        validation = stratified(validation, SMOKE_COUNT)
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
    print(f'best accuracy on the validation split: {chosen}; wrote the weights to {folder / BEST}')
    return 0
