"""Import a network: `python -m training import NETWORK --labels a,b,c --output models/NAME`."""

from __future__ import annotations

import argparse
from pathlib import Path

from fer_ros.perception.crops.alignment import CropGeometry
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.crops.preprocessing import COLOURS
from fer_ros.perception.models.card_schema import OUTPUTS
from training.bundles.foreign.bundle import import_network
from training.bundles.foreign.bundle import OTHER_TERMS
from training.bundles.foreign.bundle import Words
from training.bundles.foreign.description import Given
from training.bundles.foreign.description import LAYOUTS
from training.data.reading.forms import read_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import`."""
    parser.add_argument(
        'network', type=Path, help='.keras, .h5, .tflite or .onnx file, or folder of a SavedModel'
    )
    parser.add_argument(
        '--labels',
        required=True,
        type=_names,
        metavar='NAME,NAME',
        help='labels in the order of the outputs',
    )
    parser.add_argument('--output', type=Path, required=True, help='folder for the bundle')
    parser.add_argument(
        '--range',
        type=float,
        nargs=2,
        metavar=('LOW', 'HIGH'),
        help='input values for the pixels 0 and 255',
    )
    parser.add_argument(
        '--mean',
        type=float,
        nargs='+',
        default=(),
        help='mean that is subtracted from values of 0 to 1, for all channels or for each',
    )
    parser.add_argument(
        '--std',
        type=float,
        nargs='+',
        default=(),
        help='values by which the difference is divided',
    )
    parser.add_argument(
        '--colour', choices=tuple(COLOURS), help='colours of the input, for three channels'
    )
    parser.add_argument(
        '--layout', choices=LAYOUTS, help='order of the dimensions, if the file does not tell it'
    )
    parser.add_argument('--side', type=int, help='side of the input, for a network of any size')
    parser.add_argument(
        '--output-type', choices=OUTPUTS, help='type of the outputs, if the file does not tell it'
    )
    parser.add_argument(
        '--crop',
        type=float,
        nargs=4,
        metavar=('LEFT_X', 'LEFT_Y', 'RIGHT_X', 'RIGHT_Y'),
        help="positions of the person's left and right eye in the input, as fractions of its "
        'sides (default: as in FER2013)',
    )
    parser.add_argument('--licence', default='', help='licence of the weights, for the card')
    parser.add_argument('--terms', default=OTHER_TERMS, help='terms of the data, for the card')
    parser.add_argument('--force', action='store_true', help='replace an existing folder')
    parser.add_argument(
        '--data',
        type=Path,
        help='pictures with labels, for the temperature and the figures',
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command `import`."""
    given = Given(
        labels=arguments.labels,
        value_range=tuple(arguments.range) if arguments.range else None,
        mean=tuple(arguments.mean),
        std=tuple(arguments.std),
        colour=arguments.colour,
        layout=arguments.layout,
        side=arguments.side,
        output=arguments.output_type,
        crop=_crop(arguments.crop),
    )
    import_network(
        arguments.network,
        given,
        arguments.output,
        read_data(arguments.data) if arguments.data else None,
        Words(arguments.licence, arguments.terms),
        arguments.force,
    )
    return 0


def _crop(given: list[float] | None) -> CropGeometry:
    """Return the positions of the eyes."""
    if given is None:
        return FER2013_CROP
    left_x, left_y, right_x, right_y = given
    return CropGeometry(left_eye=(left_x, left_y), right_eye=(right_x, right_y))


def _names(text: str) -> tuple[str, ...]:
    """Parse labels."""
    return tuple(name.strip() for name in text.split(','))
