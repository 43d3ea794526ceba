"""Format the robustness of models in one table: `evaluate --robustness`."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from training.evaluation.robustness import SURE
from training.pages.markdown import table

Report = dict[str, Any]

# Legend of the table.
_CELLS = (
    'The rows after "through the real path" are degraded crops of the real path. Each cell: '
    f'accuracy in %, macro-F1, share of wrong predictions with a probability of {SURE} or more in '
    '%, expected calibration error.'
)


def robustness_table(reports: Sequence[Report]) -> list[str]:
    """
    Create the Markdown table that compares the robustness of models.

    :param reports: reports of `measure_robustness` on the same data, each with its 'model'.
    :return: lines of Markdown: a row for each condition and for the score, with accuracy,
        macro-F1,
        share of confident errors, and calibration error of each model.
    """
    names = list(reports[0]['conditions'])
    head = ['condition', 'pictures', *(f'`{report["model"]}`' for report in reports)]
    rows = []
    for name in names:
        of_each = [report['conditions'][name] for report in reports]
        counts = [f'{row["pictures"]:,}' for row in of_each]
        rows.append([name, ' / '.join(dict.fromkeys(counts)), *map(_cell, of_each)])
    rows.append(
        ['**mean (robustness score)**', '', *(_cell(report['means']) for report in reports)]
    )
    scores = [100 * report['score_to_choose_by'] for report in reports]
    rows.append(
        [
            'mean accuracy without CK+ (for model selection)',
            '',
            *(f'{score:.2f}' for score in scores),
        ]
    )
    for key, words in (
        ('score', 'the robustness score'),
        ('score_to_choose_by', 'the mean accuracy without CK+'),
    ):
        limits = [report['ci95'][key] for report in reports]
        rows.append(
            [f'95 % interval of {words}', '']
            + [f'{100 * lower:.1f} to {100 * upper:.1f}' for lower, upper in limits]
        )
    return table(head, rows)


def _cell(row: Report) -> str:
    """Format the figures of a condition."""
    return (
        f'{100 * row["accuracy"]:.1f} · {row["macro_f1"]:.3f} · '
        f'{100 * row["wrong_and_sure"]:.1f} · {row["ece"]:.3f}'
    )


def answers_table(reports: Sequence[Report]) -> list[str]:
    """
    Create the table of answered shares and accuracies at the default `min_confidence`.

    :param reports: as in `robustness_table`.
    :return: lines of Markdown.
    """
    head = ['condition', *(f'`{report["model"]}`' for report in reports)]
    rows = [
        [name, *(_answers(report['conditions'][name]) for report in reports)]
        for name in reports[0]['conditions']
    ]
    rows.append(['**mean**', *(_answers(report['means']) for report in reports)])
    return table(head, rows)


def _answers(row: Report) -> str:
    """Format the answered share, and the accuracy on it."""
    return f'{100 * row["answered"]:.1f} · {100 * row["right_of_these"]:.1f}'


def robustness_lines(measured: Report) -> Iterator[str]:
    """
    Format the results of `evaluate --robustness` as Markdown.

    :param measured: results with 'split', 'detector' and 'models', the reports.
    :return: iterator over lines.
    """
    reports = measured['models']
    yield (
        f'{reports[0]["pictures"]:,} pictures of the split {measured["split"]}; '
        f'{measured["detector"]} detects {reports[0]["found"]:,} of their faces in scenes. '
        f'{_CELLS}'
    )
    yield ''
    yield from robustness_table(reports)
    yield ''
    yield (
        'Share of faces that are not `uncertain` at the default `min_confidence` of '
        f'{reports[0]["min_confidence"]}, and accuracy on these faces, in %:'
    )
    yield ''
    yield from answers_table(reports)


def command_of(measured: Report) -> str:
    """Return the command that measures these figures."""
    models = ' '.join(report['model'] for report in measured['models'])
    limit = f' --limit {measured["limit"]}' if measured.get('limit') else ''
    return (
        f'python -m training evaluate --robustness --split {measured["split"]}{limit} '
        f'--model {models}'
    )
