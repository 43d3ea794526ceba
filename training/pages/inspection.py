"""
Generate the page of the contents of a data set, `templates/inspection.html`: `inspect`.

The page contains pictures of the data set.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np

from training.data.datasets import FaceData
from training.data.datasets import SPLIT_TITLES
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

# Number of pictures in the mosaic of a class, and number of its columns.
MOSAIC = 48
MOSAIC_COLUMNS = 24

# Number of examples for each kind of fault, and of pictures in an example.
EXAMPLES = 18
GROUP = 4

_COLOURS = dict(zip(SPLITS, (BLUE, LIGHT_ORANGE, GREEN), strict=True))


class Class(NamedTuple):
    """
    The pictures of a label.

    :param name: name of the label.
    :param counts: number of pictures in each split.
    :param pictures: number of all pictures.
    :param share: share of these pictures among those of all labels, from 0 to 1.
    :param mosaic: data URL of a mosaic of some pictures; '' if there are none.
    :param histograms: data URL of the histograms of brightness and contrast.
    """

    name: str
    counts: Mapping[str, int]
    pictures: int
    share: float
    mosaic: str
    histograms: str


class Picture(NamedTuple):
    """
    A picture with its label and its origin.

    :param address: data URL of the picture.
    :param label: name of its label.
    :param split: name of its split in messages.
    :param source: identifier of the picture.
    """

    address: str
    label: str
    split: str
    source: str


class Group(NamedTuple):
    """
    Pictures that belong together.

    :param pictures: first pictures of the group.
    :param more: number of further pictures.
    """

    pictures: list[Picture]
    more: int


class Fault(NamedTuple):
    """
    A kind of fault with examples.

    :param title: heading.
    :param what: description in a sentence.
    :param found: number of groups of pictures with this fault.
    :param groups: examples.
    """

    title: str
    what: str
    found: int
    groups: list[Group]


def report_page(data: FaceData, report: dict[str, Any], seed: int = 0) -> str:
    """
    Generate a self-contained page of a report.

    :param data: inspected data set.
    :param report: report of `inspect_data`.
    :param seed: seed of the choice of pictures for the mosaics.
    :return: text of the page in HTML.
    """
    classes = list(_classes(data, report, seed))
    return render(
        'inspection.html',
        report=report,
        classes=classes,
        most_in_class=max([1, *(one.pictures for one in classes)]),
        colours=_COLOURS,
        titles=SPLIT_TITLES,
        blue=BLUE,
        faults=list(_faults(data, report)),
    )


def mosaic(images: np.ndarray, columns: int = MOSAIC_COLUMNS) -> np.ndarray:
    """
    Arrange pictures in a grid.

    :param images: (N, H, W) uint8, N at least 1.
    :param columns: number of columns.
    :return: (rows * H, columns * W) uint8, white where there is no picture.
    """
    count, height, width = images.shape
    rows = -(-count // columns)
    tiles = np.full((rows * columns, height, width), 255, np.uint8)
    tiles[:count] = images
    by_row = tiles.reshape(rows, columns, height, width)
    return by_row.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def _classes(data: FaceData, report: dict[str, Any], seed: int) -> Iterator[Class]:
    """Create a mosaic and the histograms of brightness and contrast of each class."""
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
    """Plot the histograms of brightness and contrast."""
    with plot(2.45, 1.5, rows=2) as (figure, (above, below)):
        draw_histogram(above, 'brightness', brightness, 256, BLUE)
        draw_histogram(below, 'contrast', contrast, 128, GRAY)
        return svg_address(svg(figure))


def _faults(data: FaceData, report: dict[str, Any]) -> Iterator[Fault]:
    """Select examples of each kind of fault that was found."""
    index = {str(source): i for i, source in enumerate(data.source)}
    across = [
        group
        for group in report['duplicates']
        if len({str(data.split[index[name]]) for name in group}) > 1
    ]
    shared = ', '.join(
        f'{len(names):,} {SPLIT_TITLES[split]} pictures are also {SPLIT_TITLES[other]} pictures'
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
        # The examples are spread over all groups, because neighbours in the data often look alike.
        places = np.linspace(0, len(groups) - 1, min(EXAMPLES, len(groups))).astype(int)
        shown = [_group(data, [index[name] for name in groups[place]]) for place in places]
        yield Fault(title, what, len(groups), shown)


def _group(data: FaceData, indices: Sequence[int]) -> Group:
    """Create a group from the indices of its pictures."""
    pictures = [
        Picture(
            png_address(data.images[i]),
            data.label_names[data.labels[i]],
            SPLIT_TITLES[str(data.split[i])],
            str(data.source[i]),
        )
        for i in indices[:GROUP]
    ]
    return Group(pictures, len(indices) - len(pictures))
