"""Inspect a data set before training: `python -m training inspect DATA --output FOLDER`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from training.commands.data_arguments import add_data_arguments
from training.commands.data_arguments import read_selected
from training.data.inspection import inspect_data
from training.data.label_checks import report_gaps
from training.pages.inspection import report_page
from training.runs.files import check_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `inspect`."""
    parser.add_argument('data', nargs='?', help='data set (default: FER_ROS_DATA)')
    parser.add_argument('--output', type=Path, default=Path('runs') / 'inspection')
    add_data_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `inspect`."""
    check_output(arguments.output)
    data = read_selected(arguments, complete=lambda data: False)
    report = inspect_data(data)
    report_gaps(data)
    arguments.output.mkdir(parents=True, exist_ok=True)
    page = arguments.output / 'inspection.html'
    page.write_text(report_page(data, report), encoding='utf-8')
    page.with_suffix('.json').write_text(json.dumps(report, indent=1), encoding='utf-8')
    skipped = sum(map(len, report['skipped'].values()))
    print(
        f'{report["pictures"]} pictures, {skipped} skipped: {report["extra_duplicates"]} extra '
        f'copies, {len(report["conflicting_labels"])} groups of copies with conflicting labels, '
        f'{len(report["near_duplicates"])} near duplicates, {len(report["constant"])} constant, '
        f'{len(report["not_a_face"])} not a face; wrote {page}'
    )
    return 0
