"""Format figures for the terminal."""

from __future__ import annotations

from typing import Any

from training.pages.formats import interval
from training.pages.formats import percent
from training.pages.formats import percent_interval

# Optional figures of a report, with their descriptions.
FURTHER = {
    'accuracy_without_training_pictures': 'accuracy without pictures that occur in Training',
    'accuracy_plurality': 'accuracy against the plurality of votes, with ties and minorities '
    'included',
    'vote_agreement': 'share of single votes for the predicted label',
    'vote_agreement_of_annotators': 'share of single votes for the label of the other annotators',
    'accuracy_among_shared': 'accuracy among the labels of the data only',
    'accuracy_four_classes': 'accuracy on happy, sad, surprise and neutral only',
}


def report_text(report: dict[str, Any]) -> str:
    """
    Format a report for the terminal.

    :param report: report of the command `evaluate`.
    :return: text in which the accuracy has its own line.
    """
    limits = report['ci95']
    lines = [
        f'{report["model"]} on {report["backend"]}, {report["pictures"]} pictures '
        f'({report["protocol"]})',
        f'accuracy: {percent(report["accuracy"])}',
        f'95 % interval: {percent_interval(limits["accuracy"])}',
        f'balanced accuracy: {percent(report["balanced_accuracy"])} '
        f'({percent_interval(limits["balanced_accuracy"])})',
        _plain('macro-F1', report, 'macro_f1'),
        f'top-2 accuracy: {percent(report["top2"])} ({percent_interval(limits["top2"])})',
        _plain('log loss', report, 'log_loss'),
        _plain('expected calibration error', report, 'ece'),
    ]
    lines += [
        f'accuracy at {100 * float(coverage):.0f} % coverage: {percent(value)} '
        f'({percent_interval(limits["accuracy_at_coverage"][coverage])})'
        for coverage, value in report['accuracy_at_coverage'].items()
        if float(coverage) < 1
    ]
    for name, words in FURTHER.items():
        if name in report:
            count = report.get(f'pictures_{name.removeprefix("accuracy_")}')
            of = f'; {count} pictures' if count else ''
            lines.append(
                f'{words}: {percent(report[name])} ({percent_interval(limits[name])}{of})'
            )
    if 'real_path' in report:
        lines.append(real_path_text(report['real_path']))
    lines += ['', *_classes(report['per_class'], report['pictures'])]
    names = list(report['per_class'])
    width = max(map(len, names))
    lines += ['', 'confusion matrix (rows: true label, columns: predicted label):']
    lines += [f'{"":{width}} ' + ''.join(f'{name[:8]:>9}' for name in names)]
    lines += [
        f'{name:{width}} ' + ''.join(f'{count:9d}' for count in row)
        for name, row in zip(names, report['confusion'], strict=True)
    ]
    return '\n'.join(lines)


def _plain(words: str, report: dict[str, Any], name: str) -> str:
    """Format a figure that is not a share."""
    return f'{words}: {report[name]:.4f} ({interval(report["ci95"][name], 4)})'


def _classes(rows: dict[str, dict[str, Any]], pictures: int) -> list[str]:
    """Create the table of the labels."""
    width = max(map(len, rows))
    head = f'{"":{width}}  precision  recall     F1  (95 %)          pictures  true %  predicted %'
    return [
        head,
        *(
            f'{name:{width}}  {row["precision"]:9.3f}  {row["recall"]:6.3f}  {row["f1"]:5.3f}'
            f'  {row["ci95"]["f1"][0]:.3f} to {row["ci95"]["f1"][1]:.3f}'
            f'  {row["pictures"]:8d}  {100 * row["pictures"] / pictures:6.1f}'
            f'  {100 * row["predicted"] / pictures:11.1f}'
            for name, row in rows.items()
        ),
    ]


def real_path_text(report: dict[str, Any]) -> str:
    """Format the comparison with the real path."""
    lines = [
        f'real path ({report["scene"]}; {report["detector"]}): {report["found"]} of '
        f'{report["pictures"]} faces detected ({100 * report["found"] / report["pictures"]:.1f} %)'
    ]
    if 'loss' in report:
        lower, upper = report['ci95']['loss']
        lines.append(
            f'accuracy on the detected faces: {100 * report["accuracy_as_crops"]:.2f} % as crops, '
            f'{100 * report["accuracy_in_scenes"]:.2f} % in scenes, a loss of '
            f'{100 * report["loss"]:.2f} points ({100 * lower:.2f} to {100 * upper:.2f})'
        )
    if 'accuracy_not_found_as_crops' in report:
        not_found = report['accuracy_not_found_as_crops']
        lines.append(f'accuracy on the faces not detected, as crops: {100 * not_found:.2f} %')
    return '\n'.join(lines)
