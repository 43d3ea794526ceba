"""Results of a command: rows with their goals, as a table, as JSON, and in RESULTS.md."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from datetime import timezone
import json
from pathlib import Path
import re
import subprocess
from typing import Any

import numpy as np

from benchmark.rig.options import add_json_option
from benchmark.rig.tables import markdown_table
from benchmark.rig.timing import machine

ROOT = Path(__file__).resolve().parents[2]

# Output file of `--record`, with one section per command that has the latest results only.
RESULTS = ROOT / 'benchmark' / 'RESULTS.md'
HEAD = """# Results of the benchmarks

The command named in each section writes that section with `--record`; nothing is written by hand.
Times are in milliseconds.
"""

# Fields of a row to which a goal can apply.
MEASURES = ('ratio', 'median_ms', 'value')


@dataclass(frozen=True)
class Row:
    """
    A measured figure.

    :param name: name of the figure, words joined by underscores.
    :param times: measured times in seconds; empty if the figure is not a time.
    :param ratio: result of a comparison, as a quotient.
    :param value: value of a figure that is neither a time nor a ratio.
    :param unit: unit of the value.
    :param goal: the goal; None if there is no goal.
    :param measure: field to which the goal applies: 'ratio', 'median_ms' or 'value'.
    :param at_least: whether the goal is a lower bound instead of an upper bound.
    :param further: additional figures and facts by name.
    """

    name: str
    times: Sequence[float] = ()
    ratio: float | None = None
    value: float | None = None
    unit: str = ''
    goal: float | None = None
    measure: str = 'ratio'
    at_least: bool = False
    further: dict[str, Any] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """
        Return the figure as a JSON object.

        'met' tells whether the goal is met. 'met' is None if there is nothing to compare, and
        missing if there is no goal.
        """
        median, p95 = np.quantile(self.times, (0.5, 0.95)) if self.times else (None, None)
        row: dict[str, Any] = {
            'name': self.name,
            'median_ms': None if median is None else _rounded(1000 * float(median)),
            'p95_ms': None if p95 is None else _rounded(1000 * float(p95)),
            'ratio': _rounded(self.ratio),
            'goal': self.goal,
        }
        if self.value is not None:
            row |= {'value': _rounded(self.value), 'unit': self.unit}
        if self.goal is not None:
            got = row.get(self.measure)
            met = None if got is None else got >= self.goal if self.at_least else got <= self.goal
            row |= {'measure': self.measure, 'at_least': self.at_least, 'met': met}
        return row | self.further


def _rounded(number: float | None) -> float | None:
    """Round to four digits. No machine reproduces more digits."""
    return None if number is None else float(f'{number:.4g}')


def commit() -> str:
    """Return the commit of this checkout, and note uncommitted changes."""
    try:
        name = _git('rev-parse', '--short=12', 'HEAD')
        return (
            f'{name} with uncommitted changes' if _git('status', '--porcelain', '-uno') else name
        )
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'


def _git(*words: str) -> str:
    """Run a git command in this checkout."""
    done = subprocess.run(['git', *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def add_figures_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for the output of the figures."""
    add_json_option(parser)
    parser.add_argument(
        '--record',
        action='store_true',
        help=f'also write the figures to {RESULTS.relative_to(ROOT)}',
    )


def tell(
    command: str,
    rows: Sequence[Row],
    arguments: argparse.Namespace,
    remarks: Sequence[str] = (),
    path: Path = RESULTS,
) -> int:
    """
    Print the figures of a command, and record them on request.

    :param command: name of the command.
    :param rows: measured figures.
    :param arguments: parsed options with `json` and `record`.
    :param remarks: sentences printed after the figures.
    :param path: path of the results file.
    :return: the exit status, 0.
    """
    figures: dict[str, Any] = {
        'machine': machine(),
        'commit': commit(),
        'rows': [row.figures() for row in rows],
        'remarks': list(remarks),
    }
    if arguments.json:
        print(json.dumps(figures, indent=1))
    else:
        print('\n'.join([f'on {figures["machine"]}', '', *table(figures['rows']), '', *remarks]))
    if arguments.record:
        record(command, figures, path)
    return 0


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Format rows as a Markdown table."""
    known = {'name', 'median_ms', 'p95_ms', 'ratio', 'goal', 'value', 'unit', 'measure'}
    known |= {'at_least', 'met'}
    head = ['figure', 'median', 'p95', 'ratio', 'value', 'goal', 'met', 'details']
    cells = []
    for row in rows:
        value, goal = row.get('value'), row['goal']
        bound = 'at least' if row.get('at_least') else 'at most'
        unit = {'median_ms': ' ms', 'value': f' {row.get("unit", "")}'}
        ending = unit.get(row.get('measure', ''), '').rstrip()
        cells.append(
            [
                f'`{row["name"]}`',
                *(_told(row[key]) for key in ('median_ms', 'p95_ms', 'ratio')),
                f'{_told(value)} {row.get("unit", "")}'.strip(),
                '' if goal is None else f'{bound} {goal:g}{ending}',
                {True: 'yes', False: 'no'}.get(row.get('met'), ''),  # type: ignore[arg-type]
                ', '.join(
                    f'{key.replace("_", " ")} {_told(one)}'
                    for key, one in row.items()
                    if key not in known
                ),
            ]
        )
    return markdown_table(head, cells)


def _told(value: Any) -> str:
    """Format a figure as short text."""
    if value is None:
        return ''
    return f'{value:.4g}' if isinstance(value, float) else str(value)


def record(command: str, figures: dict[str, Any], path: Path = RESULTS) -> None:
    """
    Write figures into the results file, and replace the previous section of the command.

    :param command: name of the command, and heading of its section.
    :param figures: figures as created by `tell`.
    :param path: path of the results file.
    """
    text = path.read_text(encoding='utf-8') if path.is_file() else HEAD
    head, *parts = re.split(r'^## ', text, flags=re.M)
    sections = {part.partition('\n')[0].strip(): part.partition('\n')[2] for part in parts}
    day = datetime.now(timezone.utc).strftime('%Y-%m-%d %H:%M UTC')
    lines = [
        '',
        f'`python -m benchmark {command} --record`, {day}, commit {figures["commit"]}, '
        f'on {figures["machine"]}.',
        '',
        *table(figures['rows']),
        '',
        *figures['remarks'],
    ]
    sections[command] = '\n'.join(lines).rstrip() + '\n'
    written = ''.join(f'\n## {name}\n{body.rstrip()}\n' for name, body in sections.items())
    path.write_text(head.rstrip() + '\n' + written, encoding='utf-8')
