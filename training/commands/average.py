"""Average the weights of runs: `python -m training average RUN RUN... --output DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.data.datasets import data_root
from training.data.datasets import PUBLIC
from training.data.reading.forms import read_data
from training.data.selection import select
from training.learning.averaging import average
from training.runs.files import BEST
from training.runs.run import load_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `average`."""
    parser.add_argument('runs', type=Path, nargs='+', help='folders of runs of the same recipe')
    parser.add_argument('--output', type=Path, required=True, help='folder for the new run')
    parser.add_argument('--data', help='folder of the data sets (default: FER_ROS_DATA)')


def run(arguments: argparse.Namespace) -> int:
    """Run the command `average`."""
    runs = [load_run(folder) for folder in arguments.runs]
    recipe = runs[0].recipe
    path = data_root(arguments.data, recipe.dataset)
    data = select(read_data(path, labels=recipe.selection.labels), recipe.selection)
    average(runs, data.of_split(PUBLIC), arguments.output)
    print(f'wrote the mean weights of {len(runs)} runs to {arguments.output / BEST}')
    return 0
