"""Measure how fast `fer2013.csv` is read: `python -m benchmark reading`."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmark.rig.options import add_json_option
from benchmark.rig.timing import how_much_faster
from benchmark.rig.timing import machine
from benchmark.rig.timing import time_in_turns
from training.data.datasets import data_root
from training.data.datasets import FaceData
from training.data.datasets import read_fer2013
from training.data.datasets import USAGES
from training.data.reading.csv_files import read_csv
from training.data.reading.faults import Faults


def write_csv(data: FaceData, path: Path) -> None:
    """
    Write images in the format of the official CSV.

    :param data: FER2013 images.
    :param path: path of the output file.
    """
    usage = {split: name for name, split in USAGES.items()}
    words = [str(value) for value in range(256)]
    with open(path, 'w', newline='', encoding='ascii') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['emotion', 'pixels', 'Usage'])
        for image, label, split in zip(data.images, data.labels, data.split, strict=True):
            pixels = ' '.join([words[value] for value in image.ravel().tolist()])
            writer.writerow([label, pixels, usage[str(split)]])


def read_as_notebooks(path: Path) -> np.ndarray:
    """
    Read the images with the method of common notebooks: pandas, and a loop over the numbers.

    :param path: path of the CSV.
    :return: (N, 48, 48) uint8 gray pictures.
    :raises ImportError: if pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            'the method of the notebooks needs pandas; install it with: pip install pandas'
        ) from error
    table = pandas.read_csv(path)
    faces = []
    for sequence in table['pixels'].tolist():
        face = [int(pixel) for pixel in sequence.split(' ')]
        faces.append(np.asarray(face, np.uint8).reshape(48, 48))
    return np.asarray(faces)


def compare(data: FaceData, runs: int) -> dict[str, Any]:
    """
    Measure both methods on the same file.

    :param data: images to write as CSV and to read.
    :param runs: number of runs of each method.
    :return: the measured figures.
    :raises ValueError: if a method does not read the images that were written.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'fer2013.csv'
        write_csv(data, path)
        read: dict[str, np.ndarray] = {}
        ways = {
            'notebooks': lambda: read.update(notebooks=read_as_notebooks(path)),
            'training': lambda: read.update(training=read_csv(path, Faults(strict=True)).images),
        }
        timings = time_in_turns(ways, runs)
        for name, images in read.items():
            if not np.array_equal(images, data.images):
                raise ValueError(f'{name} reads pictures that differ from those in the file')
        return {
            'machine': machine(),
            'rows': len(data),
            'megabytes': round(path.stat().st_size / 1e6, 1),
            'runs': runs,
            **{name: timing.summary() for name, timing in timings.items()},
            **how_much_faster(timings['notebooks'], timings['training']),
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command `reading`."""
    parser.add_argument('--data', help='folder of the packed FER2013 (default: FER_ROS_DATA)')
    parser.add_argument('--rows', type=int, help='maximum number of rows (default: all)')
    parser.add_argument('--runs', type=int, default=3, help='runs of each method (default: 3)')
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `reading`."""
    data = read_fer2013(data_root(arguments.data))
    figures = compare(data.take(np.arange(len(data))[: arguments.rows]), arguments.runs)
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return 0
    print(
        f'{figures["rows"]} rows, {figures["megabytes"]} MB, median of {figures["runs"]} '
        f'alternating runs, on {figures["machine"]}'
    )
    for name, what in (('notebooks', 'pandas, split, int per pixel'), ('training', 'read_csv')):
        timing = figures[name]
        print(
            f'{what:30} {timing["seconds"]:8.2f} s {timing["cpu_seconds"]:8.2f} s of processor '
            'time'
        )
    print(
        f'{figures["times_as_fast"]:.1f} times as fast '
        f'({figures["times_as_fast_by_cpu"]:.1f} by processor time)'
    )
    return 0
