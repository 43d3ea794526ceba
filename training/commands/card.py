"""Measure a bundle, and write its page: `python -m training card models/NAME --measure`."""

from __future__ import annotations

import argparse
from pathlib import Path

from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from training.bundles.measuring import measure
from training.bundles.measuring import measure_seeds
from training.data.datasets import data_root
from training.data.reading.forms import read_data
from training.pages.card import card_page

CARD_PAGE = 'README.md'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `card`."""
    parser.add_argument('model', help='name or folder of the bundle')
    parser.add_argument(
        '--measure',
        action='store_true',
        help='measure all figures again, and write them to the card',
    )
    parser.add_argument(
        '--seeds',
        type=Path,
        nargs='+',
        metavar='RUN_OR_BUNDLE',
        help='measure runs of the recipe with different seeds, and write their mean and spread; a '
        'bundle represents the run from which it was exported',
    )
    parser.add_argument('--data', help='folder of the data sets (default: FER_ROS_DATA)')
    parser.add_argument(
        '--detector',
        default='auto',
        help="detector for the scenes; the values are those of the node's parameter detector",
    )
    parser.add_argument(
        '--detector-model',
        default='',
        help='path of the detector weights; empty: search the folders of models',
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command `card`."""
    bundle = find_bundle(arguments.model)
    if arguments.measure:
        root = data_root(arguments.data)
        ckplus = root / 'ckplus'
        measure(
            bundle,
            read_data(root),
            read_data(ckplus) if ckplus.exists() else None,
            create_detector(arguments.detector, arguments.detector_model),
        )
    if arguments.seeds:
        measure_seeds(bundle, read_data(data_root(arguments.data)), arguments.seeds)
    card = load_card(bundle)
    if not any(name.endswith('_private') for name in card.metrics):
        raise BundleError(
            f'the card of {card.name} has no figures yet; measure them with --measure'
        )
    (bundle / CARD_PAGE).write_text(card_page(card), encoding='utf-8')
    print(f'wrote {bundle / CARD_PAGE}')
    return 0
