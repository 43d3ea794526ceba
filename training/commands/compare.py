"""Measure runs, and compare them with the sources: `python -m training compare runs/*`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from training.data.datasets import data_root
from training.data.datasets import DATASETS
from training.data.datasets import FaceData
from training.data.reading.forms import read_data
from training.data.selection import select
from training.evaluation.comparison import measure_run
from training.pages.comparison import merge
from training.pages.comparison import merge_robustness
from training.pages.comparison import read_results
from training.pages.comparison import read_sources
from training.pages.comparison import RESULTS
from training.pages.comparison import RESULTS_PAGE
from training.pages.comparison import results_page
from training.pages.comparison import ROBUSTNESS
from training.pages.comparison import write_results
from training.recipes.library import recipe_files
from training.runs.run import load_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `compare`."""
    parser.add_argument(
        'runs',
        type=Path,
        nargs='*',
        help='folders of runs; without runs, only the page is written again',
    )
    parser.add_argument('--data', help='folder of the data sets (default: FER_ROS_DATA)')
    parser.add_argument(
        '--machine',
        default='machine not recorded',
        help='description of the machine on which the runs were trained',
    )
    parser.add_argument(
        '--results', type=Path, default=RESULTS, help='file with the table of all runs'
    )
    parser.add_argument(
        '--robustness',
        type=Path,
        nargs='+',
        default=[],
        metavar='JSON',
        help='add the file that `evaluate --robustness --output` wrote to the page',
    )
    parser.add_argument('--page', type=Path, default=RESULTS_PAGE, help='file of the page')
    parser.add_argument(
        '--forget',
        action='append',
        default=[],
        metavar='RECIPE',
        help='remove the rows of a recipe',
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command `compare`."""
    rows = read_results(arguments.results)
    rows = [row for row in rows if row['recipe'] not in arguments.forget]
    known: dict[str, FaceData] = {}
    for folder in arguments.runs:
        found = load_run(folder)
        name = found.recipe.dataset
        if name not in known:
            known[name] = read_data(data_root(arguments.data) / DATASETS[name])
        data = select(known[name], found.recipe.selection)
        new = measure_run(found, data, arguments.machine)
        rows = merge(rows, new)
        # The results are saved after each run, because the next run may fail.
        write_results(rows, arguments.results)
        for row in new:
            # Some protocols of the sources have no test split.
            parts = [name for name in ('train', 'validation', 'test') if name in row]
            figures = ', '.join(f'{name} {100 * row[name]["accuracy"]:.2f} %' for name in parts)
            print(f'{row["recipe"]} ({row["head"]}): {figures}')
    write_results(rows, arguments.results)
    robustness_file = arguments.results.with_name(ROBUSTNESS.name)
    new_robustness = [
        json.loads(path.read_text(encoding='utf-8')) for path in arguments.robustness
    ]
    robustness = merge_robustness(read_results(robustness_file), new_robustness)
    if new_robustness:
        write_results(robustness, robustness_file)
    arguments.page.write_text(
        results_page(read_sources(), rows, recipe_files(), robustness), encoding='utf-8'
    )
    print(f'wrote {len(rows)} rows to {arguments.page}')
    return 0
