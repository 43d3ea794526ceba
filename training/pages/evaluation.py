"""
Generate the page with the figures of a model, `templates/evaluation.html`: `evaluate --output`.

The page contains pictures of the data set.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from typing import NamedTuple
from typing import TYPE_CHECKING

import numpy as np

from training.data.datasets import SPLIT_TITLES
from training.data.votes import VOTE_COLUMNS
from training.evaluation.metrics import log_losses
from training.evaluation.metrics import surest_first
from training.pages.embedding import png_address
from training.pages.embedding import svg_address
from training.pages.plots import draw_class_f1
from training.pages.plots import draw_confusion
from training.pages.plots import draw_coverage
from training.pages.plots import draw_curves
from training.pages.plots import draw_reliability
from training.pages.plots import draw_shares
from training.pages.plots import plot
from training.pages.plots import svg
from training.pages.rendering import render
from training.pages.terminal import FURTHER
from training.runs.files import CHECKPOINT
from training.runs.files import LOG

if TYPE_CHECKING:
    from training.evaluation.scores import Scores

EVALUATION_PAGE = 'evaluation.html'
JSON = 'evaluation.json'

# Number of errors that the page shows.
WORST = 30

# Coverages of the curve of accuracy over coverage.
_CURVE = np.linspace(0.02, 1, 99)


class Plot(NamedTuple):
    """
    A plot with its text.

    :param title: heading.
    :param caption: description.
    :param address: data URL of the plot.
    """

    title: str
    caption: str
    address: str


class Mistake(NamedTuple):
    """
    A wrongly classified picture.

    :param address: data URL of the picture.
    :param truth: true label.
    :param truth_probability: probability of the true label.
    :param said: predicted label.
    :param said_probability: probability of the predicted label.
    :param votes: votes of the annotators of FER+, or None without votes.
    :param source: identifier of the picture.
    """

    address: str
    truth: str
    truth_probability: float
    said: str
    said_probability: float
    votes: str | None
    source: str


def write_report(
    folder: Path, scores: Scores, report: dict[str, Any], run: Path | None = None
) -> Path:
    """
    Write a report as a self-contained page and as JSON.

    :param folder: folder to write to; it is created if needed.
    :param scores: scores of one split.
    :param report: report of the command `evaluate`, with 'model', 'backend' and 'split'.
    :param run: folder of the training run, to plot its curves, or None.
    :return: path of the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JSON).write_text(json.dumps(report, indent=1), encoding='utf-8')
    page = folder / EVALUATION_PAGE
    page.write_text(report_page(scores, report, run), encoding='utf-8')
    return page


def report_page(scores: Scores, report: dict[str, Any], run: Path | None = None) -> str:
    """
    Generate the page of a report.

    :param scores: scores of one split.
    :param report: report of the command `evaluate`, with 'model', 'backend' and 'split'.
    :param run: folder of the training run, to plot its curves, or None.
    :return: HTML with embedded plots and pictures.
    """
    kept = scores.take(scores.truth >= 0)
    return render(
        'evaluation.html',
        report=report,
        titles=SPLIT_TITLES,
        confusion=_confusion(report),
        reliability=_reliability(report),
        coverage=_coverage(kept),
        class_f1=_class_f1(report),
        shares=_shares(report),
        further=[
            # The number of pictures, for figures that cover only some of the pictures.
            (name, words, report.get(f'pictures_{name.removeprefix("accuracy_")}'))
            for name, words in FURTHER.items()
            if name in report
        ],
        curves=_curves(run) if run else None,
        worst=_worst(kept),
    )


def _confusion(report: dict[str, Any]) -> Plot:
    """Plot the confusion matrix."""
    missing = [name for name, row in report['per_class'].items() if not row['pictures']]
    rows = len(report['per_class']) - len(missing)
    with plot(9.6, 1.1 + 0.62 * rows) as (figure, (axes,)):
        draw_confusion(axes, report, missing)
        address = svg_address(svg(figure))
    names = list(report['per_class'])
    counts = np.array(report['confusion'])
    np.fill_diagonal(counts, 0)
    true, said = np.unravel_index(counts.argmax(), counts.shape)
    words = (
        'Rows: true label. Columns: predicted label. Each cell: share of the row, and number of '
        'pictures.'
    )
    if counts.max():
        words += f' The most frequent error: {names[true]} is predicted as {names[said]}.'
    return Plot('Confusion matrix', words, address)


def _reliability(report: dict[str, Any]) -> Plot:
    """Plot the reliability diagram."""
    with plot(5, 4) as (figure, (axes,)):
        draw_reliability(axes, report)
        address = svg_address(svg(figure))
    words = (
        'Accuracy over confidence. Above the dashed line the model is underconfident, below it '
        'overconfident.'
    )
    return Plot('Reliability diagram', words, address)


def _coverage(kept: Scores) -> Plot:
    """Plot the accuracy over coverage."""
    right = kept.probabilities.argmax(axis=1) == kept.truth
    ordered = right[surest_first(kept.probabilities)]
    accuracy = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    at = np.clip(np.round(_CURVE * len(ordered)).astype(int), 1, len(ordered)) - 1
    with plot(5, 4) as (figure, (axes,)):
        draw_coverage(axes, _CURVE, accuracy[at])
        address = svg_address(svg(figure))
    words = (
        'Accuracy on the pictures with the highest confidence, over their share of all pictures.'
    )
    return Plot('Accuracy over coverage', words, address)


def _class_f1(report: dict[str, Any]) -> Plot:
    """Plot the F1 of each label."""
    with plot(5, 4) as (figure, (axes,)):
        draw_class_f1(axes, report)
        address = svg_address(svg(figure))
    words = (
        'F1 is the harmonic mean of precision and recall. In brackets: number of pictures with '
        'this true label.'
    )
    return Plot('F1 of each label', words, address)


def _shares(report: dict[str, Any]) -> Plot:
    """Plot the true and the predicted share of each label."""
    with plot(5, 4) as (figure, (axes,)):
        draw_shares(axes, report)
        for tick in axes.get_xticklabels():
            tick.set(rotation=30, ha='right')
        address = svg_address(svg(figure))
    words = (
        'Share of each label in all pictures. Above the bars: predicted minus true share, in '
        'points.'
    )
    return Plot('True and predicted shares', words, address)


def read_log(run: Path) -> dict[str, np.ndarray]:
    """
    Read the log of the epochs of a run.

    :param run: folder of the run.
    :return: (N,) float64 values, keyed by column; columns that are not numeric are left out.
    """
    with open(run / LOG, newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for name in rows[0] if rows else ():
        try:
            columns[name] = np.array([float(row[name]) for row in rows])
        except (TypeError, ValueError):
            continue
    return columns


def _curves(run: Path) -> Plot | None:
    """Plot the training curves, if the run has a log."""
    if not (run / LOG).is_file():
        return None
    epochs = read_log(run)
    if not len(epochs.get('epoch', ())):
        return None
    with plot(10, 3.6, columns=2) as (figure, (left, right)):
        draw_curves(left, right, epochs, best_epoch(run))
        address = svg_address(svg(figure))
    words = ''
    if 'seconds' in epochs:
        words = f'{len(epochs["epoch"])} epochs, {epochs["seconds"].sum() / 60:.0f} minutes.'
    return Plot('Training curves', words, address)


def best_epoch(run: Path) -> int | None:
    """
    Return the chosen epoch of a run.

    :param run: folder of the run.
    :return: number of the epoch, from 1, or None if it is unknown.
    """
    checkpoint = run / CHECKPOINT
    if not checkpoint.is_file():
        return None
    with np.load(checkpoint) as saved:
        return json.loads(str(saved['state'])).get('best_epoch')


def _worst(kept: Scores) -> list[Mistake]:
    """List the errors with the highest log loss."""
    predicted = kept.probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != kept.truth)
    losses = log_losses(kept.probabilities, kept.truth)
    worst = wrong[np.argsort(-losses[wrong], kind='stable')][:WORST]
    return [
        Mistake(
            png_address(kept.data.images[i]),
            kept.labels[kept.truth[i]],
            kept.probabilities[i, kept.truth[i]],
            kept.labels[predicted[i]],
            kept.probabilities[i, predicted[i]],
            None if kept.data.votes is None else _votes(kept.data.votes[i]),
            str(kept.data.source[i]),
        )
        for i in worst
    ]


def _votes(votes: np.ndarray) -> str:
    """Format the votes of the annotators of FER+, with the most frequent first."""
    most = [i for i in np.argsort(-votes.astype(int), kind='stable')[:3] if votes[i]]
    return ', '.join(f'{votes[i]} {VOTE_COLUMNS[i]}' for i in most)
