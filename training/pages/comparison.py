"""What was reached by which run, beside what the sources say: `results.json`, `RESULTS.md`."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from itertools import groupby
import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from training.data.selection import Selection
from training.pages.robustness import command_of
from training.pages.robustness import robustness_lines

FOLDER = Path(__file__).resolve().parents[1]
SOURCES = FOLDER / 'sources.yaml'
RESULTS = FOLDER / 'results.json'
RESULTS_PAGE = FOLDER / 'RESULTS.md'
ROBUSTNESS = FOLDER / 'robustness.json'

Row = dict[str, Any]

_HEAD = '\n'.join(
    [
        '# Results',
        '',
        "What this project's recipes reach, beside what the notebooks say of their own networks.",
        '`python -m training compare RUN...` measures runs, keeps their rows in `results.json` '
        'and writes this page; nothing in it is written by hand.',
        '',
        'Networks learn from Training alone, everything is chosen on PublicTest (validation), '
        'and PrivateTest is the test; CK+ is split as its row says.',
        'Validation figures choose the epoch and so flatter a little; the test figures are the '
        'sound ones, with their 95 % intervals by the bootstrap over the pictures.',
        '',
    ]
)


def read_sources(path: Path = SOURCES) -> list[Row]:
    """Read what the sources say; see the head of the file."""
    return yaml.safe_load(path.read_text(encoding='utf-8'))


def read_results(path: Path = RESULTS) -> list[Row]:
    """Read the rows of all runs that were measured."""
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else []


def write_results(rows: Sequence[Row], path: Path = RESULTS) -> None:
    """Write the rows of all runs."""
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


def merge(rows: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """
    Put rows together; a run that was done again by the same command takes the place of the first.

    :param rows: of earlier runs.
    :param new: of others.
    :return: all, by recipe and command.
    """
    by_run = {(row['recipe'], row['command'], row['head']): row for row in (*rows, *new)}
    return [by_run[key] for key in sorted(by_run)]


def merge_robustness(known: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """
    Put figures of robustness together; those of a split take the place of its earlier ones.

    :param known: of earlier calls.
    :param new: what `evaluate --robustness` wrote.
    :return: all, by split.
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
    Write the page.

    :param sources: of `read_sources`.
    :param rows: of `merge`.
    :param recipes: all that there are.
    :param robustness: of `merge_robustness`.
    :return: Markdown.
    """
    run = {row['recipe'] for row in rows}
    missing = sorted(set(recipes) - run)
    parts = [_HEAD, '## Figures of the sources, and ours\n', _comparison(sources, rows)]
    parts += ['## All runs\n', _runs(rows) if rows else 'None was measured yet.\n']
    together = _together(rows)
    if together:
        parts += ['## Runs that belong together\n', together]
    if robustness:
        parts += ['## Where robots are\n', _robustness(robustness)]
    if missing:
        names = ', '.join(f'`{name}`' for name in missing)
        parts += ['## Without figures\n', f'No run of these recipes was compared: {names}.\n']
    return '\n'.join(parts)


def _robustness(robustness: Sequence[Row]) -> str:
    """Write the figures of robustness, a section for each split."""
    lines = [
        'The robustness score is the mean of the accuracies under the conditions of '
        '`training/evaluation/robustness.py`.',
        'The score without CK+ on PublicTest (`public`) may choose a recipe; PrivateTest and CK+ '
        'choose nothing.',
        'Bundles of FER2013 are measured by its labels, those of FER+ by the majority of its '
        'votes: compare each with its own kind.',
        '',
    ]
    for measured in robustness:
        lines += [f'### {measured["split"]}', '', f'`{command_of(measured)}`', '']
        lines += [*robustness_lines(measured), '']
    return '\n'.join(lines)


def chosen(rows: Sequence[Row], split_by: str) -> Row | None:
    """
    Choose the run that stands for a recipe: the one that did best on the validation split.

    :param rows: of the recipe.
    :param split_by: only runs on data that was split so.
    :return: one of them, or None.
    """
    fitting = [row for row in rows if row['selection'].get('split_by', 'official') == split_by]
    return max(fitting, key=lambda row: row['validation']['accuracy'], default=None)


def _comparison(sources: Sequence[Row], rows: Sequence[Row]) -> str:
    """Set each source's figure against ours."""
    lines = [
        "| recipe | the source's figure | ours, measured likewise | difference | "
        'the sound figure: test | macro-F1 |',
        '| --- | --- | --- | --- | --- | --- |',
    ]
    notes = []
    for source in sources:
        recipe = source['recipe']
        of_recipe = [row for row in rows if row['recipe'] == recipe]
        split_by = source.get('split_by', 'official')
        row = chosen(of_recipe, split_by)
        said = f'{source["accuracy"]:.2f}'
        if 'accuracy_to' in source:
            said += f' to {source["accuracy_to"]:.2f}'
        said += f' % {source["measured_on"]}' + (f', {source["of"]}' if 'of' in source else '')
        if row is None:
            lines.append(f'| `{recipe}` | {said} | not run | | | |')
        else:
            ours = 100 * row[source['measured_on']]['accuracy']
            sound = row if split_by == 'official' else chosen(of_recipe, 'subject')
            test = _test(sound) if sound else 'not run by subject'
            macro = f'{sound["test"]["macro_f1"]:.3f}' if sound else ''
            lines.append(
                f'| `{recipe}` | {said} | {ours:.2f} % {source["measured_on"]} | '
                f'{ours - source["accuracy"]:+.2f} | {test} | {macro} |'
            )
        if 'note' in source:
            notes.append(f'- `{recipe}` ({source["source"]}): {source["note"]}.')
    care = "Where a source's figure is to be taken with care:"
    return '\n'.join([*lines, '', care, '', *notes, ''])


def _test(row: Row) -> str:
    """Write the test figure of a run with its interval."""
    test = row['test']
    lower, upper = test['ci95']
    return (
        f'{100 * test["accuracy"]:.2f} % ({100 * lower:.1f} to {100 * upper:.1f}; '
        f'{test["pictures"]:,} pictures)'
    )


def _runs(rows: Sequence[Row]) -> str:
    """List every run."""
    lines = [
        '| recipe | train | validation | test (95 %; pictures) | macro-F1 | parameters | '
        'epochs (chosen) | time | seed | engine, machine | command |',
        '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ]
    for row in rows:
        head = '' if row['head'] == 'labels' else f' ({row["head"]})'
        lines.append(
            f'| `{row["recipe"]}`{head} | {100 * row["train"]["accuracy"]:.2f} % '
            f'| {100 * row["validation"]["accuracy"]:.2f} % | {_test(row)} '
            f'| {row["test"]["macro_f1"]:.3f} | {row["parameters"]:,} '
            f'| {row["epochs"]} ({row["chosen_epoch"]}) | {_duration(row["seconds"])} '
            f'| {row["seed"]} | {row["engine"]}, {row["machine"]} | `{row["command"]}` |'
        )
    least = min(row['train']['pictures'] for row in rows)
    most = max(row['train']['pictures'] for row in rows)
    of = f'{least:,}' if least == most else f'{least:,} to {most:,}'
    return '\n'.join([*lines, '', f'The training accuracy is on {of} pictures, as they are.', ''])


def _duration(seconds: float) -> str:
    """Write a time for people."""
    if seconds < 90:
        return f'{seconds:.0f} s'
    return f'{seconds / 60:.0f} min' if seconds < 5400 else f'{seconds / 3600:.1f} h'


def _together(rows: Sequence[Row]) -> str:
    """Sum up the folds of a split, and the seeds of a recipe."""
    lines = []
    for (recipe, head, _), group in groupby(sorted(rows, key=_series), key=_series):
        runs = list(group)
        folds = {tuple(row['selection'].get('fold', ())) for row in runs}
        if len(runs) < 2:
            continue
        name = f'`{recipe}`' + ('' if head == 'labels' else f' ({head})')
        if len(folds) > 1:
            lines.append(f'- {name}: {_pooled(runs)}')
        else:
            accuracies = np.array([100 * row['test']['accuracy'] for row in runs])
            lines.append(
                f'- {name}: {len(runs)} runs, test {accuracies.mean():.2f} % on average, '
                f'standard deviation {accuracies.std(ddof=1):.2f}, '
                f'{accuracies.min():.2f} to {accuracies.max():.2f}.'
            )
    return '\n'.join([*lines, '']) if lines else ''


def _series(row: Row) -> tuple[str, str, str]:
    """Tell what runs have in common that differ in seed and fold alone."""
    rest = {name: value for name, value in row['selection'].items() if name != 'fold'}
    # A mean of runs is none of them.
    kind = 'mean' if ' average ' in row['command'] else ''
    return row['recipe'], row['head'], kind + json.dumps(rest, sort_keys=True)


def _pooled(runs: Sequence[Mapping[str, Any]]) -> str:
    """Sum up the folds of a split; each picture was tested on once."""
    pictures = sum(row['test']['pictures'] for row in runs)
    right = sum(row['test']['accuracy'] * row['test']['pictures'] for row in runs)
    accuracies = [100 * row['test']['accuracy'] for row in runs]
    selection = runs[0]['selection']
    # A summary leaves out what is not said: the first of ten.
    said = [row['selection']['fold'][1] for row in runs if 'fold' in row['selection']]
    of = said[0] if said else Selection().fold[1]
    return (
        f'{len(runs)} of {of} folds by {selection.get("split_by", "official")}, '
        f'{100 * right / pictures:.2f} % of all {pictures:,} tested pictures; '
        f'{min(accuracies):.2f} to {max(accuracies):.2f} % by fold.'
    )
