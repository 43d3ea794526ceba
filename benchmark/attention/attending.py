"""
Compare decided attention with labels in photographs: `python -m benchmark attending`.

The labels were given by eye. They are only given where they are clear: a face that looks into the
camera, or one that obviously looks elsewhere. The profiles are from FER2013 PrivateTest; they were
chosen among the faces whose rough yaw is above 50 degrees.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from benchmark.attention.looking import Looker
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import read_image
from training.data.datasets import data_root
from training.data.datasets import read_fer2013
from training.evaluation.real_path import scene_of

# Picture, (x, y) between the eyes in pixels, and state. For FER2013, the picture is a row.
LABELS = Path(__file__).with_name('labels.csv')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('--data', help='folder of FER2013 (default: FER_ROS_DATA)')
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Decide each face, compare, and print the results."""
    looker, fer2013 = Looker(), read_fer2013(data_root(arguments.data))
    right = 0
    wrong, missed = [], []
    counts = {'attending': 0, 'away': 0}
    with LABELS.open(encoding='utf-8', newline='') as file:
        for label in csv.DictReader(file):
            counts[label['state']] += 1
            name = f'{label["picture"]} {label["x"]} {label["y"]}'.strip()
            if label['x']:
                place = float(label['x']), float(label['y'])
                seen = looker.look(read_image(label['picture']), place)
            else:
                row = int(Path(label['picture']).name)
                seen = looker.look(scene_of(fer2013.images[row], row)[0])
            if seen is None:
                missed.append(name)
            elif seen.attention.state == label['state']:
                right += 1
            else:
                wrong.append(f'{name}: {seen.attention.state}')
    total = sum(counts.values())
    figure = Row(
        'attention_right',
        value=100 * right / total,
        unit='%',
        goal=95,
        measure='value',
        at_least=True,
        further={**counts, 'not found': len(missed)},
    )
    remarks = [f'Wrong: {"; ".join(wrong) or "none"}. Not found: {"; ".join(missed) or "none"}.']
    return tell('attending', [figure], arguments, remarks)
