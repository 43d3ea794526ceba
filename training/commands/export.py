"""Export a run: `python -m training export fer_mobile --head fer2013 --output DIR`."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from training.bundles.export import export
from training.bundles.export import ExportError
from training.bundles.export import FILE_NAMES
from training.bundles.further_forms import add_forms
from training.bundles.further_forms import FORMS
from training.bundles.provenance import origin_of
from training.bundles.provenance import terms_of
from training.bundles.quantization import PRECISIONS
from training.bundles.quantization import quantize_bundle
from training.data.datasets import data_root
from training.data.datasets import FaceData
from training.data.reading.forms import read_data
from training.data.selection import select
from training.evaluation.calibration import CALIBRATED_ON
from training.evaluation.calibration import DEFAULT_CALIBRATED_ON
from training.runs.run import load_run
from training.runs.run import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export`."""
    parser.add_argument('recipe', nargs='?', help='name or file of the recipe of the run')
    parser.add_argument(
        '--run', dest='folder', type=Path, help='folder of the run (default: runs/<name>)'
    )
    parser.add_argument(
        '--head',
        help='head to export, for a run with several heads: fer2013, ferplus, or labels '
        '(the labels of the data)',
    )
    parser.add_argument('--output', type=Path, help='folder for the bundle')
    parser.add_argument('--data', help='folder of the data sets (default: FER_ROS_DATA)')
    parser.add_argument(
        '--quantize',
        nargs='+',
        choices=PRECISIONS,
        default=[],
        help='also write smaller bundles <output>_<precision>, only for LiteRT',
    )
    parser.add_argument(
        '--calibrate-on',
        choices=CALIBRATED_ON,
        default=DEFAULT_CALIBRATED_ON,
        help='data for fitting the temperature: PublicTest as it is, degraded, or both (default: '
        '%(default)s); with --bundle, the data of that bundle',
    )
    parser.add_argument(
        '--forms',
        nargs='+',
        choices=tuple(FORMS),
        default=[],
        help='also write these files into the bundle, for converters of other processors: ONNX '
        'for one picture at a time, and LiteRT with int8 input and output',
    )
    parser.add_argument('--bundle', help='use an existing bundle instead of a run')
    parser.add_argument(
        '--force', action='store_true', help='write the smaller bundles even if they lose accuracy'
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command `export`."""
    if (arguments.bundle is None) == (arguments.recipe is None and arguments.folder is None):
        raise ExportError('nothing to export: name a recipe, or set --run or --bundle')
    if arguments.bundle is not None:
        if not arguments.quantize and not arguments.forms:
            raise ExportError('--bundle needs --quantize or --forms')
        folder = find_bundle(arguments.bundle)
        data = read_data(data_root(arguments.data))
    else:
        if arguments.output is None:
            raise ExportError('set the folder of the bundle with --output')
        folder = arguments.output
        found = load_run(arguments.folder or Path('runs') / Path(arguments.recipe).stem)
        selection = found.recipe.selection
        path = data_root(arguments.data, found.recipe.dataset)
        data = select(read_data(path, labels=selection.labels), selection)
        _export_run(found, arguments.head, folder, data, arguments.calibrate_on)
    card = load_card(folder)
    if arguments.forms:
        with contextlib.redirect_stdout(None):
            told = add_forms(card, arguments.forms, data)
        for form, sentence in told.items():
            print(f'{folder / FORMS[form]}: {sentence}')
    for precision in arguments.quantize:
        base = folder if arguments.bundle is None else arguments.output or folder
        smaller = base.with_name(f'{base.name}_{precision}')
        # The converter prints each step of the conversion; the print below replaces this output.
        with contextlib.redirect_stdout(None):
            made = quantize_bundle(card, precision, smaller, data, arguments.force)
        size = (smaller / FILE_NAMES['tflite']).stat().st_size / 2**20
        print(
            f'{smaller}: {size:.1f} MiB (float32: '
            f'{card.file("tflite").stat().st_size / 2**20:.1f}), accuracy on the validation split '
            f'{100 * made["public_accuracy"]:.2f} % '
            f'(float32: {100 * made["public_accuracy_float32"]:.2f} %)'
        )
    return 0


def _export_run(
    found: Run, given: str | None, folder: Path, data: FaceData, calibrate_on: str
) -> None:
    """Create the bundle of one head of a run."""
    head = given or (next(iter(found.labels)) if len(found.labels) == 1 else None)
    if head not in found.labels:
        raise ExportError(
            f'--head is {given}, but the heads of {found.folder} are {", ".join(found.labels)}'
        )
    with contextlib.redirect_stdout(None):
        differences = export(
            found.recipe,
            found.model,
            found.labels[head],
            head,
            folder,
            data,
            origin_of(found),
            terms_of(found, head),
            calibrate_on,
        )
    compared = ', '.join(f'{kind} {value:.1e}' for kind, value in differences.items())
    print(f'{folder}: largest differences from the Keras network: {compared}')
