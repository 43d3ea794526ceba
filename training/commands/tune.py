"""Search for hyperparameters: `python -m training tune csce633_pairs --trials 15`."""

from __future__ import annotations

import argparse
from pathlib import Path

import optuna

from training.commands.data_arguments import add_data_arguments
from training.commands.data_arguments import read_selected
from training.commands.data_arguments import selection_from
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN
from training.data.label_checks import report_gaps
from training.data.stratified import stratified
from training.learning.memory import keep_freed_memory
from training.learning.search.outcome import write_results
from training.learning.search.spaces import find_space
from training.learning.search.spaces import SPACES
from training.learning.search.study import FINISHED
from training.learning.search.study import open_study
from training.learning.search.study import SAMPLERS
from training.learning.search.study import Search
from training.learning.search.study import search_until
from training.learning.smoke import SMOKE_COUNT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tune`."""
    parser.add_argument('space', choices=SPACES, help='search space')
    parser.add_argument(
        '--trials',
        type=int,
        help='total number of finished trials of the study (default: as its source)',
    )
    parser.add_argument(
        '--sampler',
        choices=SAMPLERS,
        help='sampler: random or tree-structured Parzen estimator (default: as its source)',
    )
    parser.add_argument(
        '--executions', type=int, help='training runs per trial (default: as its source)'
    )
    parser.add_argument(
        '--prune',
        action='store_true',
        help='end trials early that are worse than half of the others; the sources did not',
    )
    parser.add_argument(
        '--epochs', type=int, help='epochs per run (default: as in the search space)'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the sampler')
    parser.add_argument(
        '--storage',
        help='URL of a database, which several machines can share (default: a file in --output)',
    )
    parser.add_argument(
        '--study', help='name of the study in the storage (default: name of the space)'
    )
    parser.add_argument(
        '--output', type=Path, help='folder for the search (default: runs/tune_<space>)'
    )
    parser.add_argument(
        '--smoke',
        action='store_true',
        help='train each trial for a few seconds only, on at most 64 pictures',
    )
    add_data_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `tune`."""
    keep_freed_memory()
    space = find_space(arguments.space)
    folder = arguments.output or Path('runs') / f'tune_{space.name}'
    folder.mkdir(parents=True, exist_ok=True)
    storage = arguments.storage or f'sqlite:///{(folder / "study.db").resolve()}'
    any_recipe = space.suggest(optuna.create_study().ask())
    selection = selection_from(arguments, any_recipe.selection)
    data = read_selected(arguments, selection, any_recipe.dataset)
    training, validation = data.of_split(TRAIN), data.of_split(PUBLIC)
    report_gaps(data, arguments.strict)
    if arguments.smoke:
        training, validation = (stratified(d, SMOKE_COUNT) for d in (training, validation))
    search = Search(
        space,
        training,
        validation,
        folder,
        selection,
        executions=arguments.executions,
        epochs=arguments.epochs,
        smoke=arguments.smoke,
    )
    study = open_study(
        space,
        storage,
        arguments.sampler or space.sampler,
        arguments.seed,
        arguments.study,
        arguments.prune,
    )
    trials = arguments.trials or space.trials
    finished = len(study.get_trials(deepcopy=False, states=FINISHED))
    print(
        f'study {study.study_name}: {finished} of {trials} trials are finished; storage {storage}'
    )
    search_until(study, search, trials)
    path = write_results(study, search, folder)
    print(
        f'best accuracy on the validation split: {100 * study.best_value:.2f} %, with '
        f'{study.best_params}'
    )
    print(
        f'train it with `python -m training train {path}`; the plots and the table of trials are '
        f'in {folder}'
    )
    return 0
