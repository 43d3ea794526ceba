"""Plot the figures of a model for pages."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.ticker import PercentFormatter
import numpy as np

# Colours that remain distinct with colour vision deficiency (Okabe and Ito 2008).
BLUE, ORANGE, GREEN, GRAY = '#0072b2', '#d55e00', '#009e73', '#8a8f98'
LIGHT_ORANGE = '#e69f00'
INK, SOFT_INK = '#20242c', '#646b78'

_PLOT_STYLE: Any = {
    'font.size': 10,
    'axes.edgecolor': '#c4c8d0',
    'axes.labelcolor': INK,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.titlelocation': 'left',
    'axes.titlesize': 11,
    'axes.titleweight': 'bold',
    'text.color': INK,
    'xtick.color': INK,
    'ytick.color': INK,
    'grid.color': '#e6e8ec',
    'axes.axisbelow': True,
    'legend.frameon': False,
    # A fixed salt makes the same figures give the same SVG file.
    'svg.hashsalt': 'fer_ros',
}


@contextmanager
def plot(
    width: float, height: float, columns: int = 1, rows: int = 1
) -> Iterator[tuple[Figure, list[Axes]]]:
    """
    Create a figure with the style of this project.

    :param width: width in inches.
    :param height: height in inches.
    :param columns: number of columns of axes.
    :param rows: number of rows of axes.
    :return: context manager of the figure and its axes, row by row and from left to right.  The
        style
        applies when the figure is drawn, so call `svg` inside the context.
    """
    with rc_context(_PLOT_STYLE):
        figure = Figure(figsize=(width, height), layout='constrained')
        axes = figure.subplots(rows, columns, squeeze=False)
        yield figure, list(axes.flat)


def svg(figure: Figure) -> str:
    """
    Draw a figure as SVG.

    :param figure: figure from `plot`.
    :return: text of an SVG file, the same for the same figure.
    """
    written = BytesIO()
    figure.savefig(written, format='svg', metadata={'Date': None, 'Creator': None})
    return written.getvalue().decode()


def draw_confusion(axes: Axes, report: dict[str, Any], left_out: Sequence[str] = ()) -> None:
    """
    Draw the confusion matrix, with shades for the shares of each true label, and with the counts.

    :param axes: axes to draw on.
    :param report: report of the command `evaluate`.
    :param left_out: labels without a row, because they do not occur in the truth.
    """
    names = list(report['per_class'])
    rows = [i for i, name in enumerate(names) if name not in left_out]
    counts = np.array(report['confusion'])[rows]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=1, aspect='auto')
    for row, column in np.ndindex(*counts.shape):
        axes.text(
            column,
            row,
            f'{100 * shares[row, column]:.0f} %\n{counts[row, column]}',
            ha='center',
            va='center',
            linespacing=1.35,
            fontsize=9,
            fontweight='bold' if rows[row] == column else 'normal',
            color='white' if shares[row, column] > 0.55 else INK,
        )
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(rows)), [names[i] for i in rows])
    axes.set_xlabel('predicted label')
    axes.set_ylabel('true label')
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(1, len(names)) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, len(rows)) - 0.5, minor=True)
    axes.grid(which='minor', color='white', linewidth=2)
    axes.tick_params(which='minor', length=0)


def draw_reliability(axes: Axes, report: dict[str, Any]) -> None:
    """
    Draw the reliability diagram: accuracy over confidence, with the share of pictures in each bin.

    :param axes: axes to draw on.
    :param report: report of the command `evaluate`.
    """
    bins = report['reliability']
    counts = np.array(bins['pictures'])
    edges = np.arange(len(counts) + 1) / len(counts)
    axes.bar(
        edges[:-1],
        counts / counts.sum(),
        width=1 / len(counts),
        align='edge',
        color='#dfe4ea',
        edgecolor='white',
        label='share of pictures',
    )
    there = counts > 0
    confidence = np.array([v for v in bins['confidence'] if v is not None])
    accuracy = np.array([v for v in bins['accuracy'] if v is not None])
    error = 1.96 * np.sqrt(accuracy * (1 - accuracy) / counts[there])
    axes.plot(
        [0, 1], [0, 1], color=GRAY, linewidth=1, linestyle=(0, (4, 3)), label='perfect calibration'
    )
    axes.errorbar(
        confidence,
        accuracy,
        np.stack([np.minimum(error, accuracy), np.minimum(error, 1 - accuracy)]),
        color=BLUE,
        marker='o',
        markersize=4,
        linewidth=1.5,
        elinewidth=1,
        label='accuracy',
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel='confidence')
    _percent(axes, 'xy')
    axes.grid(axis='y')
    axes.legend(loc='upper left', fontsize=9)


def draw_coverage(axes: Axes, shares: np.ndarray, accuracies: np.ndarray) -> None:
    """
    Draw the accuracy of a model over its coverage.

    :param axes: axes to draw on.
    :param shares: (N,) float, shares of answered pictures.
    :param accuracies: (N,) float, accuracies on the answered pictures.
    """
    axes.plot(100 * shares, 100 * accuracies, color=BLUE, linewidth=2)
    for share in (1.0, 0.9, 0.7, 0.5):
        at = int(np.argmin(np.abs(shares - share)))
        axes.plot(100 * shares[at], 100 * accuracies[at], 'o', color=BLUE, markersize=5)
        axes.annotate(
            f'{100 * accuracies[at]:.1f} %',
            (100 * shares[at], 100 * accuracies[at]),
            xytext=(0, 6) if share == 1 else (5, 4),
            textcoords='offset points',
            ha='center' if share == 1 else 'left',
            fontsize=9,
        )
    low = min(100 * accuracies[shares > 0.1].min(), 90)
    axes.set(
        xlim=(0, 106), ylim=(low - 5, 102), xlabel='coverage (share of pictures with an answer)'
    )
    axes.set_ylabel('accuracy')
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(100, decimals=0, symbol=' %'))
    axes.grid()


def draw_class_f1(axes: Axes, report: dict[str, Any]) -> None:
    """
    Draw the F1 of each label with its interval, with the best label at the top.

    :param axes: axes to draw on.
    :param report: report of the command `evaluate`.
    """
    there = [item for item in report['per_class'].items() if item[1]['pictures']]
    there.sort(key=lambda item: item[1]['f1'])
    found = np.array([row['f1'] for _, row in there])
    limits = np.array([row['ci95']['f1'] for _, row in there])
    at = np.arange(len(there))
    axes.barh(at, found, height=0.62, color='#9cc5df')
    axes.errorbar(
        found,
        at,
        xerr=np.maximum(np.abs(limits.T - found), 0),
        fmt='none',
        color=INK,
        elinewidth=1.2,
        capsize=3,
    )
    for y, (_, row) in enumerate(there):
        x = max(row['f1'], row['ci95']['f1'][1]) + 0.015
        around = {'facecolor': 'white', 'edgecolor': 'none', 'pad': 1}
        axes.text(x, y, f'{row["f1"]:.2f}', va='center', fontsize=9, bbox=around)
    axes.set_yticks(at, [f'{name}  ({row["pictures"]})' for name, row in there])
    axes.axvline(
        report['macro_f1'], color=ORANGE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1.5
    )
    axes.annotate(
        f'macro-F1 {report["macro_f1"]:.3f}',
        (report['macro_f1'], 1),
        xycoords=('data', 'axes fraction'),
        xytext=(0, 3),
        textcoords='offset points',
        color=ORANGE,
        fontsize=9,
        ha='center',
    )
    axes.set(xlim=(0, 1.08), xlabel='F1 with 95 % interval')
    axes.tick_params(axis='y', length=0)
    axes.spines['left'].set_visible(False)
    axes.grid(axis='x')


def draw_shares(axes: Axes, report: dict[str, Any]) -> None:
    """
    Draw the true and the predicted share of each label.

    :param axes: axes to draw on.
    :param report: report of the command `evaluate`.
    """
    names = list(report['per_class'])
    rows = list(report['per_class'].values())
    at = np.arange(len(names))
    true = 100 * np.array([row['pictures'] for row in rows]) / report['pictures']
    said = 100 * np.array([row['predicted'] for row in rows]) / report['pictures']
    axes.bar(at - 0.2, true, 0.38, color='#c9ced6', label='true')
    axes.bar(at + 0.2, said, 0.38, color=BLUE, label='predicted')
    for x, (share, difference) in enumerate(zip(np.maximum(true, said), said - true, strict=True)):
        axes.text(
            x,
            share + 0.5,
            f'{difference:+.1f}',
            ha='center',
            va='bottom',
            fontsize=9,
            color=ORANGE if abs(difference) > 3 else GRAY,
        )
    axes.set_xticks(at, names)
    axes.yaxis.set_major_formatter(PercentFormatter(100, decimals=0, symbol=' %'))
    axes.tick_params(axis='x', length=0)
    axes.grid(axis='y')
    axes.legend(loc='upper right', ncols=2)


def draw_curves(left: Axes, right: Axes, epochs: dict[str, np.ndarray], best: int | None) -> None:
    """
    Draw the training curves of a run.

    :param left: axes for the losses.
    :param right: axes for the accuracies.
    :param epochs: columns of the log of the run, including `epoch`, each (N,) float.
    :param best: number of the chosen epoch, or None if it is unknown.
    """
    number = epochs['epoch']
    colours = iter((BLUE, ORANGE, GREEN, GRAY) * 3)
    for name, values in epochs.items():
        words = name.replace('_', ' ').replace('val ', 'validation ')
        if name.endswith('loss'):
            colour = ORANGE if name.startswith('val') else BLUE
            left.plot(number, values, label=words, color=colour, linewidth=1.6)
        elif name.startswith(('val', 'accuracy', 'train')):
            right.plot(number, 100 * values, label=words, color=next(colours), linewidth=1.6)
    right.yaxis.set_major_formatter(PercentFormatter(100, decimals=0, symbol=' %'))
    left.set_title('loss')
    right.set_title('accuracy')
    for axes in (left, right):
        axes.set_xlabel('epoch')
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid()
        if best is not None:
            axes.axvline(best, color=GRAY, linewidth=1, linestyle=(0, (4, 3)), label='selected')
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=9)


def draw_histogram(axes: Axes, title: str, counts: Sequence[int], end: int, colour: str) -> None:
    """
    Draw a small histogram.

    :param axes: axes to draw on.
    :param title: name of the values.
    :param counts: number of pictures in each bin; the bins have equal width.
    :param end: upper limit of the values, exclusive; the lower limit is 0.
    :param colour: colour of the bars.
    """
    width = end / len(counts)
    axes.bar(np.arange(len(counts)) * width, counts, 0.85 * width, align='edge', color=colour)
    axes.set_title(title, fontsize=7.5, fontweight='normal', color=SOFT_INK, pad=2)
    axes.set(xlim=(0, end), ylim=(0, max(1, *counts)))
    axes.set_yticks([])
    axes.set_xticks([0, end], ['0', str(end - 1)])
    axes.tick_params(axis='x', length=0, pad=2, labelsize=7.5, labelcolor=SOFT_INK)
    axes.spines['left'].set_visible(False)


def _percent(axes: Axes, which: str) -> None:
    """Format the tick labels of axes as per cent."""
    for name in which:
        axis = axes.xaxis if name == 'x' else axes.yaxis
        axis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=' %'))
