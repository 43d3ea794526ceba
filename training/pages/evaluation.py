"""A page of a model's figures: `evaluate --output FOLDER`.  It shows pictures of the data set."""

from __future__ import annotations

import base64
import csv
from html import escape
import json
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.data.votes import VOTE_COLUMNS
from training.evaluation.metrics import log_losses
from training.evaluation.metrics import surest_first
from training.pages.formats import percent
from training.pages.formats import percent_interval
from training.pages.plots import draw_class_f1
from training.pages.plots import draw_confusion
from training.pages.plots import draw_coverage
from training.pages.plots import draw_curves
from training.pages.plots import draw_reliability
from training.pages.plots import draw_shares
from training.pages.plots import plot
from training.pages.plots import svg
from training.pages.terminal import FURTHER
from training.runs.files import LOG

if TYPE_CHECKING:
    from training.evaluation.scores import Scores

EVALUATION_PAGE = 'evaluation.html'
JSON = 'evaluation.json'

# Mistakes that the page shows.
WORST = 30

# Shares at which the curve of accuracy over coverage has its points.
_CURVE = np.linspace(0.02, 1, 99)

_STYLE = """
:root { color-scheme: light; --ink: #20242c; --soft: #646b78; --line: #e3e6eb; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: #f5f6f8; margin: 0; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 17px; margin: 0 0 4px; }
p { margin: 4px 0 0; color: var(--soft); }
section, .tiles > div { background: #fff; border: 1px solid var(--line); border-radius: 10px; }
section { padding: 20px 22px; margin-top: 16px; }
section > img { display: block; width: 100%; margin-top: auto; padding-top: 8px; }
.pair section { display: flex; flex-direction: column; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin-top: 20px; }
.tiles > div { padding: 12px 16px; }
.tiles b { display: block; font-size: 24px; line-height: 1.25; }
.tiles span { display: block; font-size: 13px; color: var(--soft); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 0 16px; }
table { border-collapse: collapse; width: 100%; margin-top: 8px; }
td, th { padding: 5px 8px; text-align: right; border-top: 1px solid var(--line); }
th { font-weight: 600; } td:first-child, th:first-child { text-align: left; }
thead th { border-top: 0; color: var(--soft); font-size: 13px; }
.faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 14px;
  margin-top: 14px; }
.faces figure { margin: 0; font-size: 13px; line-height: 1.4; }
.faces img { width: 100%; image-rendering: pixelated; border-radius: 6px; display: block; }
.faces b { color: #b24a00; } .faces small { color: var(--soft); display: block; }
footer { color: var(--soft); font-size: 13px; margin: 20px 4px; }
"""


def write_report(
    folder: Path, scores: Scores, report: dict[str, Any], run: Path | None = None
) -> Path:
    """
    Write a report as a page that is whole in itself, and as JSON.

    :param folder: made if need be.
    :param scores: of one split.
    :param report: of `evaluate`, with 'model', 'backend' and 'split'.
    :param run: the folder of the training run, if it is at hand: its curves are shown.
    :return: the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JSON).write_text(json.dumps(report, indent=1), encoding='utf-8')
    page = folder / EVALUATION_PAGE
    page.write_text(report_page(scores, report, run), encoding='utf-8')
    return page


def report_page(scores: Scores, report: dict[str, Any], run: Path | None = None) -> str:
    """
    Make the page of a report.

    :param scores: of one split.
    :param report: of `evaluate`, with 'model', 'backend' and 'split'.
    :param run: the folder of the training run, if it is at hand: its curves are shown.
    :return: HTML; its plots and pictures are in it.
    """
    kept = scores.take(scores.truth >= 0)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(report['model'])}: {percent(report['accuracy'], 1)}</title>
<style>{_STYLE}</style></head><body><main>
<h1>{escape(report['model'])}</h1>
<p>{report['pictures']:,} pictures of the split {escape(report['split'])},
on {escape(report['backend'])};
{escape(report['protocol'])}</p>
{_tiles(report)}
{_confusion(report)}
<div class="pair">{_reliability(report)}{_coverage(kept)}</div>
<div class="pair">{_class_f1(report)}{_shares(report)}</div>
{_table(report)}
{_curves(run) if run else ''}
{_worst(kept)}
<footer>Intervals are of 95 %, by the bootstrap over the pictures.
This page shows pictures of the data set: keep it to yourself as its terms say, and out of any
repository.</footer>
</main></body></html>
"""


def _tiles(report: dict[str, Any]) -> str:
    """Show the few figures that one looks for first."""
    limits = report['ci95']
    lower, upper = limits['macro_f1']
    ece_lower, ece_upper = limits['ece']
    tiles = [
        ('accuracy', percent(report['accuracy'], 1), percent_interval(limits['accuracy'], 1)),
        ('macro-F1', f'{report["macro_f1"]:.3f}', f'{lower:.3f} to {upper:.3f}'),
        (
            'balanced accuracy',
            percent(report['balanced_accuracy'], 1),
            percent_interval(limits['balanced_accuracy'], 1),
        ),
        (
            'where it answers 70 %',
            percent(report['accuracy_at_coverage']['0.7'], 1),
            percent_interval(limits['accuracy_at_coverage']['0.7'], 1),
        ),
        ('calibration error', f'{report["ece"]:.3f}', f'{ece_lower:.3f} to {ece_upper:.3f}'),
    ]
    shown = ''.join(
        f'<div><span>{name}</span><b>{value}</b><span>{between}</span></div>'
        for name, value, between in tiles
    )
    return f'<div class="tiles">{shown}</div>'


def _confusion(report: dict[str, Any]) -> str:
    """Show what is taken for what."""
    missing = [name for name, row in report['per_class'].items() if not row['pictures']]
    rows = len(report['per_class']) - len(missing)
    with plot(9.6, 1.1 + 0.62 * rows) as (figure, (axes,)):
        draw_confusion(axes, report, missing)
        picture = svg(figure)
    names = list(report['per_class'])
    counts = np.array(report['confusion'])
    np.fill_diagonal(counts, 0)
    true, said = np.unravel_index(counts.argmax(), counts.shape)
    words = 'A row for each true label: its share taken for each label, and how many pictures.'
    if counts.max():
        words += f' Most often, {names[true]} is taken for {names[said]}.'
    return _section('What it takes for what', words, picture)


def _reliability(report: dict[str, Any]) -> str:
    """Show if its probabilities mean what they say."""
    with plot(5, 4) as (figure, (axes,)):
        draw_reliability(axes, report)
        picture = svg(figure)
    words = 'Above the dashed line it is right more often than it says, below it less often.'
    return _section('Does it know what it knows?', words, picture)


def _coverage(kept: Scores) -> str:
    """Show what abstaining brings."""
    right = kept.probabilities.argmax(axis=1) == kept.truth
    ordered = right[surest_first(kept.probabilities)]
    accuracy = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    at = np.clip(np.round(_CURVE * len(ordered)).astype(int), 1, len(ordered)) - 1
    with plot(5, 4) as (figure, (axes,)):
        draw_coverage(axes, _CURVE, accuracy[at])
        picture = svg(figure)
    words = 'How often it is right where it answers only when it is surest.'
    return _section('What keeping silent brings', words, picture)


def _class_f1(report: dict[str, Any]) -> str:
    """Show how well each label is found."""
    with plot(5, 4) as (figure, (axes,)):
        draw_class_f1(axes, report)
        picture = svg(figure)
    words = 'The harmonic mean of precision and recall; in brackets, how many pictures are true.'
    return _section('How well it tells each label', words, picture)


def _shares(report: dict[str, Any]) -> str:
    """Show what it says too often."""
    with plot(5, 4) as (figure, (axes,)):
        draw_shares(axes, report)
        for tick in axes.get_xticklabels():
            tick.set(rotation=30, ha='right')
        picture = svg(figure)
    words = 'Shares of all pictures; above the bars, how many points it is off.'
    return _section('What it says too often, and too rarely', words, picture)


def _table(report: dict[str, Any]) -> str:
    """Show the figures of each label, and those beside."""
    rows = ''.join(
        f'<tr><td>{escape(name)}</td><td>{row["precision"]:.3f}</td><td>{row["recall"]:.3f}</td>'
        f'<td>{row["f1"]:.3f}</td>'
        f'<td>{row["ci95"]["f1"][0]:.3f} to {row["ci95"]["f1"][1]:.3f}</td>'
        f'<td>{row["pictures"]:,}</td><td>{row["predicted"]:,}</td></tr>'
        for name, row in report['per_class'].items()
    )
    limits = report['ci95']
    lower, upper = limits['log_loss']
    further = [
        ('accuracy, first or second label', percent(report['top2']), limits['top2']),
        *(
            (f'accuracy on the surest {100 * float(share):.0f} %', percent(value), limit)
            for (share, value), limit in zip(
                report['accuracy_at_coverage'].items(),
                limits['accuracy_at_coverage'].values(),
                strict=True,
            )
            if float(share) < 1
        ),
        *(
            (words + _count(report, name), percent(report[name]), limits[name])
            for name, words in FURTHER.items()
            if name in report
        ),
    ]
    others = ''.join(
        f'<tr><td>{escape(words)}</td><td>{value}</td><td>{percent_interval(limit)}</td></tr>'
        for words, value, limit in further
    )
    return (
        '<section><h2>All figures</h2><table><thead><tr><th>label</th><th>precision</th>'
        '<th>recall</th><th>F1</th><th>95 %</th><th>true</th><th>said</th></tr></thead>'
        f'{rows}</table><br><table><thead><tr><th>figure</th><th></th><th>95 %</th></tr></thead>'
        f'{others}<tr><td>log loss</td><td>{report["log_loss"]:.4f}</td>'
        f'<td>{lower:.4f} to {upper:.4f}</td></tr></table></section>'
    )


def _count(report: dict[str, Any], name: str) -> str:
    """Say on how many pictures a figure is, where these are not all."""
    count = report.get(f'pictures_{name.removeprefix("accuracy_")}')
    return f' ({count:,} pictures)' if count else ''


def read_log(run: Path) -> dict[str, np.ndarray]:
    """
    Read the table of epochs of a run.

    :param run: its folder.
    :return: by column, (N,) float64; columns that are not all numbers are left out.
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


def _curves(run: Path) -> str:
    """Show how the training went."""
    if not (run / LOG).is_file():
        return ''
    epochs = read_log(run)
    if not len(epochs.get('epoch', ())):
        return ''
    with plot(10, 3.6, columns=2) as (figure, (left, right)):
        draw_curves(left, right, epochs, best_epoch(run))
        picture = svg(figure)
    words = f'{len(epochs["epoch"])} epochs, {epochs["seconds"].sum() / 60:.0f} minutes.'
    return _section('How the training went', words if 'seconds' in epochs else '', picture)


def best_epoch(run: Path) -> int | None:
    """
    Say which epoch of a run was chosen.

    :param run: its folder.
    :return: from 1 on, or None where that is not known.
    """
    checkpoint = run / 'checkpoint.npz'
    if not checkpoint.is_file():
        return None
    with np.load(checkpoint) as saved:
        return json.loads(str(saved['state'])).get('best_epoch')


def _worst(kept: Scores) -> str:
    """Show the mistakes that cost most."""
    predicted = kept.probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != kept.truth)
    losses = log_losses(kept.probabilities, kept.truth)
    worst = wrong[np.argsort(-losses[wrong], kind='stable')][:WORST]
    if not len(worst):
        return ''
    faces = []
    for i in worst:
        true, said = kept.labels[kept.truth[i]], kept.labels[predicted[i]]
        sure, left = kept.probabilities[i, predicted[i]], kept.probabilities[i, kept.truth[i]]
        faces.append(
            f'<figure><img alt="" src="{_png(kept.data.images[i])}">'
            f'<figcaption>true: {escape(true)} ({100 * left:.1f} %)<br>'
            f'<b>said: {escape(said)} ({100 * sure:.0f} %)</b>'
            f'<small>{_votes(kept, i)}{escape(str(kept.data.source[i]))}</small>'
            f'</figcaption></figure>'
        )
    return (
        f'<section><h2>Its {len(worst)} worst mistakes</h2><p>Where it gave the truth the least '
        'probability. Many are of doubtful labels; what it gets wrong in earnest shows here too.'
        f'</p><div class="faces">{"".join(faces)}</div></section>'
    )


def _votes(kept: Scores, index: int) -> str:
    """Tell what the annotators of FER+ saw, the most frequent first."""
    if kept.data.votes is None:
        return ''
    votes = kept.data.votes[index]
    most = [i for i in np.argsort(-votes.astype(int), kind='stable')[:3] if votes[i]]
    return 'FER+: ' + ', '.join(f'{votes[i]} {VOTE_COLUMNS[i]}' for i in most) + '<br>'


def _section(title: str, words: str, picture: str) -> str:
    """Put a plot into a section with its title and what to see in it."""
    coded = base64.b64encode(picture.encode()).decode()
    return (
        f'<section><h2>{escape(title)}</h2><p>{escape(words)}</p>'
        f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{coded}"></section>'
    )


def _png(image: np.ndarray) -> str:
    """Put a picture into an address."""
    coded = cv2.imencode('.png', image)[1].tobytes()
    return f'data:image/png;base64,{base64.b64encode(coded).decode()}'
