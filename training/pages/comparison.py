"""Compare the results of runs with those of the sources: `results.json`, `RESULTS.md`."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from itertools import groupby
import json
from pathlib import Path
import textwrap
from typing import Any

import numpy as np
import yaml

from training.data.selection import Selection
from training.pages.formats import interval
from training.pages.formats import percent
from training.pages.markdown import table
from training.pages.rendering import render
from training.pages.robustness import command_of
from training.pages.robustness import robustness_lines

FOLDER = Path(__file__).resolve().parents[1]
SOURCES = FOLDER / 'sources.yaml'
RESULTS = FOLDER / 'results.json'
RESULTS_PAGE = FOLDER / 'RESULTS.md'
ROBUSTNESS = FOLDER / 'robustness.json'

# Longest line of the page.
LONGEST_LINE = 150

Row = dict[str, Any]


def read_sources(path: Path = SOURCES) -> list[Row]:
    """Read the results of the sources; the comment in the file describes the format."""
    return yaml.safe_load(path.read_text(encoding='utf-8'))


def read_results(path: Path = RESULTS) -> list[Row]:
    """Read the rows of all measured runs."""
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else []


def write_results(rows: Sequence[Row], path: Path = RESULTS) -> None:
    """Write the rows of all measured runs."""
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


def merge(rows: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """
    Merge rows; a run with the same command replaces the earlier run.

    :param rows: rows of earlier runs.
    :param new: rows of new runs.
    :return: all rows, ordered by recipe and command.
    """
    by_run = {(row['recipe'], row['command'], row['head']): row for row in (*rows, *new)}
    return [by_run[key] for key in sorted(by_run)]


def merge_robustness(known: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """
    Merge figures of robustness; new figures of a split replace earlier figures.

    :param known: figures of earlier calls.
    :param new: figures that `evaluate --robustness` wrote.
    :return: all figures, ordered by split.
    """
    by_split = {measured['split']: measured for measured in (*known, *new)}
    return [by_split[split] for split in sorted(by_split, reverse=True)]


def results_page(
    sources: Sequence[Row],
    rows: Sequence[Row],
    recipes: Iterable[str],
    robustness: Sequence[Row] = (),
) -> str:
    """
    Generate the page of results.

    :param sources: results of the original projects, from `read_sources`.
    :param rows: rows of runs, from `merge`.
    :param recipes: names of all recipes.
    :param robustness: figures of robustness, from `merge_robustness`.
    :return: text of the page in Markdown.
    """
    run = {row['recipe'] for row in rows}
    page = render(
        'results.md',
        protocols='\n'.join(_protocols(sources, rows)),
        comparison='\n'.join(_comparison(sources, rows)),
        sources=sources,
        runs='\n'.join(_runs(rows)) if rows else None,
        commands='\n'.join(_commands(rows)),
        trained_on=_range([row['train']['pictures'] for row in rows]) if rows else None,
        series=list(_together(rows)),
        robustness=[
            {
                'split': measured['split'],
                'command': command_of(measured),
                'remark': measured.get('remark', ''),
                'text': '\n\n'.join(_robustness(measured)),
            }
            for measured in robustness
        ],
        missing=sorted(set(recipes) - run),
    )
    return _within(page)


def chosen(rows: Sequence[Row], split_by: str) -> Row | None:
    """
    Choose the run with the best validation accuracy to represent a recipe.

    :param rows: rows of the recipe.
    :param split_by: kind of split that the run must have, as in `Selection.split_by`.
    :return: one of the rows, or None.
    """
    fitting = [row for row in rows if row['selection'].get('split_by', 'official') == split_by]
    return max(fitting, key=lambda row: row['validation']['accuracy'], default=None)


def _protocols(sources: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """Create the table of the figures by the protocols of the sources."""
    head = ['recipe', 'figure of the source', 'our figure', 'difference']
    cells = []
    for source in sources:
        name = f'{source["recipe"]}_source'
        row = chosen(
            [row for row in rows if row['recipe'] == name], source.get('split_by', 'official')
        )
        ours, difference = 'not run', ''
        if row is not None and source['measured_on'] in row:
            accuracy = 100 * row[source['measured_on']]['accuracy']
            ours, difference = f'{accuracy:.2f} %', f'{accuracy - source["accuracy"]:+.2f}'
        cells.append([f'`{name}`', _said(source), ours, difference])
    return table(head, cells)


def _said(source: Row) -> str:
    """Format the figure of a source."""
    of = f', {source["of"]}' if 'of' in source else ''
    to = f' to {source["accuracy_to"]:.2f}' if 'accuracy_to' in source else ''
    return f'{source["accuracy"]:.2f}{to} % {source["measured_on"]}{of}'


def _comparison(sources: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """Create the table that compares the figures of the sources with ours."""
    head = [
        'recipe',
        'figure of the source',
        'our figure on the split of the same kind',
        'difference',
        'our test figure (unbiased)',
        'macro-F1',
    ]
    return table(head, (_compared(source, rows) for source in sources))


def _compared(source: Row, rows: Sequence[Row]) -> list[str]:
    """Create the table row for a figure of a source."""
    of_recipe = [row for row in rows if row['recipe'] == source['recipe']]
    split_by = source.get('split_by', 'official')
    row = chosen(of_recipe, split_by)
    said = _said(source)
    name = f'`{source["recipe"]}`'
    sound = chosen(of_recipe, 'official') or chosen(of_recipe, 'subject')
    measured, difference = 'not run', ''
    if row is not None:
        ours = 100 * row[source['measured_on']]['accuracy']
        measured = f'{ours:.2f} % {source["measured_on"]}'
        difference = f'{ours - source["accuracy"]:+.2f}'
    return [
        name,
        said,
        measured,
        difference,
        _test(sound) if sound else 'not run',
        f'{sound["test"]["macro_f1"]:.3f}' if sound else '',
    ]


def _test(row: Row) -> str:
    """Format the test accuracy of a run with its interval."""
    if 'test' not in row:
        return 'no test split'
    test = row['test']
    limits = [100 * limit for limit in test['ci95']]
    return f'{percent(test["accuracy"])} ({interval(limits, 1)}; {test["pictures"]:,} pictures)'


def _runs(rows: Sequence[Row]) -> list[str]:
    """Create the table of all runs."""
    head = [
        'recipe',
        'train',
        'validation',
        'test (95 % interval; pictures)',
        'macro-F1',
        'parameters',
        'epochs (selected)',
        'time',
        'seed',
    ]
    cells = [
        [
            _name(row),
            percent(row['train']['accuracy']),
            percent(row['validation']['accuracy']),
            _test(row),
            f'{row["test"]["macro_f1"]:.3f}' if 'test' in row else '',
            f'{row["parameters"]:,}',
            f'{row["epochs"]} ({row["chosen_epoch"]})',
            _duration(row['seconds']),
            str(row['seed']),
        ]
        for row in rows
    ]
    return table(head, cells)


def _commands(rows: Sequence[Row]) -> Iterator[str]:
    """List the commands of all runs, one section for each engine and machine."""

    def place(row: Row) -> str:
        return f'{row["engine"]}, {row["machine"]}'

    for where, group in groupby(sorted(rows, key=place), key=place):
        yield from ('', f'{where}:', '', '```')
        for command in dict.fromkeys(row['command'] for row in group):
            yield from _wrapped(command, ' \\', '    ')
        yield '```'


def _robustness(measured: Row) -> Iterator[str]:
    """Format figures of robustness, two models in a table."""
    for first in range(0, len(measured['models']), 2):
        after = first + 2
        two = measured['models'][first:after]
        yield '\n'.join(robustness_lines({**measured, 'models': two}))


def _wrapped(line: str, end: str = '', indent: str = '') -> list[str]:
    """Break a line at blanks; all lines but the last get an end, all but the first an indent."""
    parts = textwrap.wrap(
        line,
        LONGEST_LINE - len(end),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [part + end for part in parts[:-1]] + parts[-1:]


def _within(page: str) -> str:
    """Break the long lines of text on a page; tables stay."""
    lines = []
    for line in page.splitlines():
        is_long = len(line) > LONGEST_LINE and not line.startswith('|')
        indent = '  ' if line.startswith('- ') else ''
        lines += _wrapped(line, indent=indent) if is_long else [line]
    return '\n'.join(lines) + '\n'


def _name(row: Row) -> str:
    """Format the recipe of a run, with its head if there are several."""
    return f'`{row["recipe"]}`' + ('' if row['head'] == 'labels' else f' ({row["head"]})')


def _range(counts: Sequence[int]) -> str:
    """Format the range of counts."""
    least, most = min(counts), max(counts)
    return f'{least:,}' if least == most else f'{least:,} to {most:,}'


def _duration(seconds: float) -> str:
    """Format a duration in a suitable unit."""
    if seconds < 90:
        return f'{seconds:.0f} s'
    return f'{seconds / 60:.0f} min' if seconds < 5400 else f'{seconds / 3600:.1f} h'


def _together(rows: Sequence[Row]) -> Iterator[str]:
    """Summarise the folds of a split and the seeds of a recipe, one line each."""
    tested = [row for row in rows if 'test' in row]
    for _, group in groupby(sorted(tested, key=_series), key=_series):
        runs = list(group)
        folds = {tuple(row['selection'].get('fold', ())) for row in runs}
        if len(runs) < 2:
            continue
        if len(folds) > 1:
            yield f'{_name(runs[0])}: {_pooled(runs)}'
        else:
            accuracies = np.array([100 * row['test']['accuracy'] for row in runs])
            yield (
                f'{_name(runs[0])}: {len(runs)} runs with a mean test accuracy of '
                f'{accuracies.mean():.2f} %, standard deviation {accuracies.std(ddof=1):.2f}, '
                f'range {interval([accuracies.min(), accuracies.max()], 2)}.'
            )


def _series(row: Row) -> tuple[str, str, str]:
    """Return a key that is equal for runs that differ only in seed and fold."""
    rest = {name: value for name, value in row['selection'].items() if name != 'fold'}
    # The mean of runs is not grouped with the runs themselves.
    kind = 'mean' if ' average ' in row['command'] else ''
    return row['recipe'], row['head'], kind + json.dumps(rest, sort_keys=True)


def _pooled(runs: Sequence[Mapping[str, Any]]) -> str:
    """Summarise the folds of a split, in which each picture is tested once."""
    pictures = sum(row['test']['pictures'] for row in runs)
    right = sum(row['test']['accuracy'] * row['test']['pictures'] for row in runs)
    accuracies = [100 * row['test']['accuracy'] for row in runs]
    selection = runs[0]['selection']
    # A selection summary omits the default fold, the first of ten.
    said = [row['selection']['fold'][1] for row in runs if 'fold' in row['selection']]
    of = said[0] if said else Selection().fold[1]
    return (
        f'{len(runs)} of {of} folds, split by {selection.get("split_by", "official")}: '
        f'{100 * right / pictures:.2f} % accuracy on all {pictures:,} tested pictures; '
        f'{min(accuracies):.2f} to {max(accuracies):.2f} % per fold.'
    )
