"""Look at a data set before it is trusted: `python -m training inspect DATA --output FOLDER`."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Sequence
from html import escape
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.cleaning import equal_groups
from training.cleaning import is_constant
from training.datasets import also_in
from training.datasets import FaceData
from training.datasets import SPLITS
from training.datasets import TRAIN
from training.selection import add_data_arguments
from training.selection import read_selected
from training.votes import is_not_a_face

# Pictures whose coarse shading is the same are near duplicates when they differ by less than
# this on average, in gray levels: what recompression and slight blur make of one picture.
NEAR_DIFFERENCE = 8.0

# Bits of 64 in which their shading may differ.
_NEAR_BITS = 3

# A mosaic shows this many pictures of a class, in rows of so many.
_MOSAIC_COUNT = 40
_MOSAIC_COLUMNS = 20

BRIGHTNESS_BINS = 16


def shading_hashes(images: np.ndarray) -> np.ndarray:
    """
    Sum each picture up by which of 8x8 fields are brighter than their right neighbours.

    Recompression, blur and light leave most of it alone: the difference hash.

    :param images: (N, H, W) uint8.
    :return: (N, 4) uint16, 64 bits a picture.
    """
    small = np.stack(
        [
            cv2.resize(image.astype(np.float32), (9, 8), interpolation=cv2.INTER_AREA)
            for image in images
        ]
    )
    brighter = small[:, :, :-1] > small[:, :, 1:]
    return np.packbits(brighter.reshape(len(images), 64), axis=1).view(np.uint16)


def near_pairs(images: np.ndarray) -> list[tuple[int, int]]:
    """
    Find pictures that are nearly the same, and not quite.

    Their hashes differ in 3 bits at most, so that one of the four parts is the same: only
    pictures that share a part are compared.

    :param images: (N, H, W) uint8.
    :return: pairs of indices, in order.
    """
    hashes = shading_hashes(images)
    ones = np.array([value.bit_count() for value in range(1 << 16)], np.uint8)
    pairs = set()
    for part in range(hashes.shape[1]):
        order = np.argsort(hashes[:, part], kind='stable')
        edges = np.flatnonzero(np.diff(hashes[order, part])) + 1
        for group in np.split(order, edges):
            codes = hashes[group]
            for position, index in enumerate(group[:-1]):
                rest = position + 1
                later = codes[rest:]
                different = ones[later ^ codes[position]].sum(axis=1)
                for other in group[rest:][different <= _NEAR_BITS]:
                    pairs.add((int(index), int(other)))
    return sorted(pair for pair in pairs if _is_near(images[pair[0]], images[pair[1]]))


def _is_near(first: np.ndarray, second: np.ndarray) -> bool:
    """Say if two pictures differ, but by little."""
    difference = np.abs(first.astype(np.int16) - second).mean()
    return bool(0 < difference < NEAR_DIFFERENCE)


def inspect_data(data: FaceData) -> dict[str, Any]:
    """
    Find out what is in a data set, and what is wrong with it.

    :param data: all of its splits.
    :return: what JSON can hold: the counts; by name the lists of source ids of what was found.
    """
    splits = [split for split in SPLITS if data.has_split(split)]
    groups = equal_groups(data.images)
    constant = np.flatnonzero(is_constant(data.images))
    unseen = np.zeros(len(data), bool) if data.votes is None else is_not_a_face(data.votes)
    brightness = data.images.mean(axis=(1, 2))
    in_training = data.split == TRAIN
    leaked = ~in_training & also_in(data.images, data.images[in_training])
    return {
        'pictures': len(data),
        'size': list(data.images.shape[1:]),
        'labels': list(data.label_names),
        'counts': {
            split: np.bincount(
                data.labels[data.split == split], minlength=len(data.label_names)
            ).tolist()
            for split in splits
        },
        'brightness': {
            name: np.histogram(
                brightness[data.labels == label], bins=BRIGHTNESS_BINS, range=(0, 256)
            )[0].tolist()
            for label, name in enumerate(data.label_names)
        },
        'extra_duplicates': sum(len(group) - 1 for group in groups),
        'duplicates': [_sources(data, group) for group in groups],
        'conflicting_labels': [
            _sources(data, group) for group in groups if len(set(data.labels[group].tolist())) > 1
        ],
        'in_training_too': {
            split: _sources(data, np.flatnonzero(leaked & (data.split == split)))
            for split in splits
            if split != TRAIN
        },
        'near_duplicates': [_sources(data, pair) for pair in near_pairs(data.images)],
        'constant': _sources(data, constant),
        'not_a_face': _sources(data, np.flatnonzero(unseen)),
    }


def _sources(data: FaceData, indices: Sequence[int] | np.ndarray) -> list[str]:
    """Name pictures by their source ids."""
    return [str(data.source[index]) for index in indices]


def mosaic(images: np.ndarray, columns: int = _MOSAIC_COLUMNS) -> np.ndarray:
    """
    Lay pictures side by side.

    :param images: (N, H, W) uint8, N at least 1.
    :param columns: in a row.
    :return: (rows * H, columns * W) uint8, white where there is no picture.
    """
    count, height, width = images.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    tiles = np.full((rows * columns, height, width), 255, np.uint8)
    tiles[:count] = images
    by_row = tiles.reshape(rows, columns, height, width)
    return by_row.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def report_page(data: FaceData, report: dict[str, Any], seed: int = 0) -> str:
    """
    Make a page of a report, whole in itself.

    :param data: that was inspected.
    :param report: of `inspect_data`.
    :param seed: of which pictures are shown.
    :return: HTML.
    """
    generator = np.random.default_rng(seed)
    head = ''.join(f'<th>{escape(name)}</th>' for name in report['labels'])
    rows = ''.join(
        f'<tr><th>{split}</th>'
        + ''.join(f'<td>{count}</td>' for count in counts)
        + f'<td>{sum(counts)}</td></tr>'
        for split, counts in report['counts'].items()
    )
    leaks = ''.join(
        f'<li>{len(sources)} pictures of {split} are in train too</li>'
        for split, sources in report['in_training_too'].items()
    )
    classes = []
    for label, name in enumerate(report['labels']):
        indices = np.flatnonzero(data.labels == label)
        shown = generator.permutation(indices)[:_MOSAIC_COUNT]
        picture = _picture(mosaic(data.images[np.sort(shown)])) if len(shown) else ''
        bars = _bars(report['brightness'][name])
        classes.append(f'<h2>{escape(name)}: {len(indices)}</h2>{picture}{bars}')
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Inspection</title><style>
body {{ font-family: sans-serif; max-width: 70em; margin: 2em auto; }}
td, th {{ padding: 0.2em 0.7em; text-align: right; }}
img {{ width: 100%; image-rendering: pixelated; }}
</style></head><body>
<h1>{report['pictures']} pictures of {report['size'][1]}x{report['size'][0]} pixels</h1>
<table><tr><th></th>{head}<th>all</th></tr>{rows}</table>
<ul>
<li>{report['extra_duplicates']} extra copies, in {len(report['duplicates'])} groups,
{len(report['conflicting_labels'])} of them with conflicting labels</li>
{leaks}
<li>{len(report['near_duplicates'])} near duplicates</li>
<li>{len(report['constant'])} pictures of one gray level</li>
<li>{len(report['not_a_face'])} pictures that most annotators of FER+ saw no face in</li>
</ul>
<p>The names of all of them stand in the JSON file beside this page.
Below each mosaic: how many pictures have which mean brightness, from black to white.</p>
{''.join(classes)}
</body></html>
"""


def _picture(image: np.ndarray) -> str:
    """Put a picture into HTML."""
    coded = cv2.imencode('.png', image)[1].tobytes()
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(coded).decode()}">'


def _bars(counts: list[int]) -> str:
    """Draw a histogram."""
    height = 60
    most = max(*counts, 1)
    bars = ''.join(
        f'<rect x="{20 * i}" y="{height * (1 - count / most):.1f}" width="18" '
        f'height="{height * count / most:.1f}"/>'
        for i, count in enumerate(counts)
    )
    return f'<svg width="{20 * len(counts)}" height="{height}">{bars}</svg>'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what `inspect` takes."""
    parser.add_argument('data', nargs='?', help='a data set (default: FER_ROS_DATA)')
    parser.add_argument('--output', type=Path, default=Path('runs') / 'inspection')
    add_data_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `inspect`."""
    data = read_selected(arguments)
    report = inspect_data(data)
    arguments.output.mkdir(parents=True, exist_ok=True)
    page = arguments.output / 'inspection.html'
    page.write_text(report_page(data, report), encoding='utf-8')
    page.with_suffix('.json').write_text(json.dumps(report, indent=1), encoding='utf-8')
    print(
        f'{report["pictures"]} pictures: {report["extra_duplicates"]} extra copies, '
        f'{len(report["conflicting_labels"])} groups of copies with conflicting labels, '
        f'{len(report["near_duplicates"])} near duplicates, {len(report["constant"])} constant, '
        f'{len(report["not_a_face"])} not a face; see {page}'
    )
    return 0
