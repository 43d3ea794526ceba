"""
The page of what is in a data set, `templates/inspection.html`: `inspect`.

It shows pictures of the data set.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np

from training.data.datasets import FaceData
from training.data.datasets import SPLITS
from training.pages.embedding import png_address
from training.pages.embedding import svg_address
from training.pages.plots import BLUE
from training.pages.plots import draw_histogram
from training.pages.plots import GRAY
from training.pages.plots import GREEN
from training.pages.plots import LIGHT_ORANGE
from training.pages.plots import plot
from training.pages.plots import svg
from training.pages.rendering import render

# Pictures of a class that its mosaic shows, and how many of them in a row.
MOSAIC = 48
MOSAIC_COLUMNS = 24

# Pictures, or groups of them, that are shown of each kind of fault; pictures of a group.
EXAMPLES = 18
GROUP = 4

_COLOURS = dict(zip(SPLITS, (BLUE, LIGHT_ORANGE, GREEN), strict=True))


class Class(NamedTuple):
    """
    The pictures of a label.

    :param name: the label.
    :param counts: pictures by split.
    :param pictures: all of them.
    :param share: of the pictures of all labels, from 0 to 1.
    :param mosaic: of some of them, as of `png_address`; '' where there are none.
    :param histograms: of their brightness and contrast, as of `svg_address`.
    """

    name: str
    counts: Mapping[str, int]
    pictures: int
    share: float
    mosaic: str
    histograms: str


class Picture(NamedTuple):
    """
    A picture with what is known of it.

    :param address: as of `png_address`.
    :param label: its name.
    :param split: of `SPLITS`.
    :param source: where it is from.
    """

    address: str
    label: str
    split: str
    source: str


class Group(NamedTuple):
    """
    Pictures that belong together.

    :param pictures: the first of them.
    :param more: how many there are beside these.
    """

    pictures: list[Picture]
    more: int


class Fault(NamedTuple):
    """
    A kind of fault with examples.

    :param title: a heading.
    :param what: a sentence.
    :param count: of groups of pictures that have it.
    :param groups: examples.
    """

    title: str
    what: str
    count: int
    groups: list[Group]


def report_page(data: FaceData, report: dict[str, Any], seed: int = 0) -> str:
    """
    Make a page of a report, whole in itself.

    :param data: that was inspected.
    :param report: of `inspect_data`.
    :param seed: of which pictures are shown.
    :return: HTML.
    """
    classes = list(_classes(data, report, seed))
    return render(
        'inspection.html',
        report=report,
        classes=classes,
        most_in_class=max([1, *(one.pictures for one in classes)]),
        colours=_COLOURS,
        blue=BLUE,
        faults=list(_faults(data, report)),
    )


def mosaic(images: np.ndarray, columns: int = MOSAIC_COLUMNS) -> np.ndarray:
    """
    Lay pictures side by side.

    :param images: (N, H, W) uint8, N at least 1.
    :param columns: in a row.
    :return: (rows * H, columns * W) uint8, white where there is no picture.
    """
    count, height, width = images.shape
    rows = -(-count // columns)
    tiles = np.full((rows * columns, height, width), 255, np.uint8)
    tiles[:count] = images
    by_row = tiles.reshape(rows, columns, height, width)
    return by_row.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def _classes(data: FaceData, report: dict[str, Any], seed: int) -> Iterator[Class]:
    """Show some pictures of each class, and how bright and rich in contrast they are."""
    generator = np.random.default_rng(seed)
    for label, name in enumerate(report['labels']):
        counts = {split: by_label[label] for split, by_label in report['counts'].items()}
        indices = np.flatnonzero(data.labels == label)
        shown = np.sort(generator.permutation(indices)[:MOSAIC])
        yield Class(
            name,
            counts,
            len(indices),
            len(indices) / max(report['pictures'], 1),
            png_address(mosaic(data.images[shown])) if len(shown) else '',
            _histograms(report['brightness'][name], report['contrast'][name]),
        )


def _histograms(brightness: Sequence[int], contrast: Sequence[int]) -> str:
    """Draw how bright and rich in contrast pictures are."""
    with plot(2.45, 1.5, rows=2) as (figure, (above, below)):
        draw_histogram(above, 'brightness', brightness, 256, BLUE)
        draw_histogram(below, 'contrast', contrast, 128, GRAY)
        return svg_address(svg(figure))


def _faults(data: FaceData, report: dict[str, Any]) -> Iterator[Fault]:
    """Show examples of each kind of fault that was found."""
    index = {str(source): i for i, source in enumerate(data.source)}
    across = [
        group
        for group in report['duplicates']
        if len({str(data.split[index[name]]) for name in group}) > 1
    ]
    shared = ', '.join(
        f'{len(names):,} pictures of {split} are also in {other}'
        for other, key in (('train', 'in_training_too'), ('public', 'in_public_too'))
        for split, names in report[key].items()
    )
    kinds: list[tuple[str, str, Sequence[Sequence[str]]]] = [
        (
            'Copies with conflicting labels',
            'Identical pictures with different labels.',
            report['conflicting_labels'],
        ),
        (
            'Copies across splits',
            f'A picture in two splits makes test figures too high: {shared}',
            across,
        ),
        (
            'Near duplicates',
            'Nearly identical pictures, such as a recompressed picture or the next frame of a '
            'sequence.',
            report['near_duplicates'],
        ),
        (
            'Constant',
            'All pixels have the same gray level.',
            [[name] for name in report['constant']],
        ),
        (
            'Not a face',
            'Most annotators of FER+ saw no face.',
            [[name] for name in report['not_a_face']],
        ),
    ]
    for title, what, groups in kinds:
        if not groups:
            continue
        # Spread over all of them, as neighbours in the data often look alike.
        places = np.linspace(0, len(groups) - 1, min(EXAMPLES, len(groups))).astype(int)
        shown = [_group(data, [index[name] for name in groups[place]]) for place in places]
        yield Fault(title, what, len(groups), shown)


def _group(data: FaceData, indices: Sequence[int]) -> Group:
    """Show pictures that belong together, with labels, splits and names."""
    pictures = [
        Picture(
            png_address(data.images[i]),
            data.label_names[data.labels[i]],
            str(data.split[i]),
            str(data.source[i]),
        )
        for i in indices[:GROUP]
    ]
    return Group(pictures, len(indices) - len(pictures))
