"""
Make a bundle of a trained network: `python -m training export fer_mobile --head fer2013 ...`.

`--quantize int8` makes a smaller bundle beside it, or with `--bundle` of one that is there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import contextlib
import json
from pathlib import Path
import shutil
import tempfile
from typing import Any

import keras
import numpy as np

from fer_ros.perception.alignment import FER2013_CROP
from fer_ros.perception.backends.base import Backend
from fer_ros.perception.backends.choice import create_backend
from fer_ros.perception.bundle import CARD_NAME
from fer_ros.perception.bundle import find_bundle
from fer_ros.perception.bundle import load_card
from fer_ros.perception.model_files import sha256_of
from fer_ros.perception.preprocessing import to_network_input
from training.bundles.card_figures import card_text
from training.bundles.quantization import PRECISIONS
from training.bundles.quantization import quantize_bundle
from training.data.augmentation import resize
from training.data.datasets import data_root
from training.data.datasets import FaceData
from training.data.datasets import FER2013_IMAGES_SHA256
from training.data.datasets import PUBLIC
from training.data.reading.forms import read_data
from training.data.selection import select
from training.evaluation.metrics import fit_temperature
from training.evaluation.validation import head_truth
from training.evaluation.validation import predict_logits
from training.learning.batches import input_spec
from training.recipes.recipe import Recipe
from training.recipes.recipe import recipe_file
from training.recipes.recipe import recipe_sha256
from training.runs.origins import began_with_imagenet
from training.runs.origins import origins_of
from training.runs.run import load_run
from training.runs.run import Run

# OpenCV 4.6 refuses ONNX of opset 11 and later where there is a ReLU6, as its Clip takes the
# bounds as inputs; and of opset 13 and later, whose Squeeze takes the axes as one.
ONNX_OPSET = 10

FILE_NAMES = {'keras': 'model.keras', 'tflite': 'model.tflite', 'onnx': 'model.onnx'}

# The forms of a network may differ by this much in their outputs; more refuses the export.
PARITY_TOLERANCE = 1e-3

# Pictures on which the forms are compared.
PARITY_PICTURES = 64

TERMS = (
    'Trained on FER2013 (Goodfellow et al. 2013, arXiv:1307.0414): for research; the rights in '
    'its pictures stay with third parties.'
)
FERPLUS_TERMS = ' The labels are the votes of FER+ (Barsoum et al. 2016, arXiv:1608.01041; MIT).'
IMAGENET_TERMS = (
    ' It began from weights that were trained on ImageNet (Deng et al. 2009), whose pictures are '
    'for research too.'
)
BEGUN_TERMS = ' It began from the weights of another network, whose terms hold too.'
CKPLUS_TERMS = 'Trained on CK+ (Lucey et al. 2010): for research only, not to be passed on.'
OTHER_TERMS = 'Trained on other data; who exported it knows its terms.'


class ExportError(ValueError):
    """A network that cannot be exported as it should be."""


def single_head(model: keras.Model, head: str, name: str) -> keras.Model:
    """
    Cut the network of one head out of one that has several.

    :param model: from a picture to logits by head.
    :param head: which.
    :param name: of the new model.
    :return: from a picture to (N, labels) logits; it shares its layers with the model.
    :raises ExportError: if there is no such head.
    """
    if head not in model.output:
        raise ExportError(f"the network has no head '{head}'; it has: {', '.join(model.output)}")
    return keras.Model(model.input, model.output[head], name=name)


def write_forms(model: keras.Model, folder: Path) -> dict[str, dict[str, str]]:
    """
    Write a network in all the forms that the back ends read.

    :param model: in float32, of a fixed side.
    :param folder: that exists.
    :return: the card's `files`.
    """
    # A model that was never called has no trace to export.
    model(np.zeros((1, *model.input_shape[1:]), np.float32))
    model.save(folder / FILE_NAMES['keras'])
    model.export(folder / FILE_NAMES['tflite'], format='litert', verbose=False)
    model.export(
        folder / FILE_NAMES['onnx'], format='onnx', opset_version=ONNX_OPSET, verbose=False
    )
    return {
        kind: {'name': name, 'sha256': sha256_of(folder / name)}
        for kind, name in FILE_NAMES.items()
    }


def check_parity(backends: dict[str, Backend], batch: np.ndarray) -> dict[str, float]:
    """
    Compare the forms of a network on the same pictures.

    :param backends: by form; the first is what the others are compared with.
    :param batch: (N, height, width, channels) float32.
    :return: by form, the largest difference of an output from the first one's.
    :raises ExportError: if one is larger than `PARITY_TOLERANCE`.
    """
    outputs = {kind: backend.run(batch) for kind, backend in backends.items()}
    first, expected = next(iter(outputs.items()))
    differences = {}
    for kind, output in outputs.items():
        if output.shape != expected.shape:
            raise ExportError(f'{kind} gives {output.shape}, {first} {expected.shape}')
        difference = float(np.abs(output - expected).max())
        # Written so that NaN, which compares as false, is refused as well.
        if not difference <= PARITY_TOLERANCE:
            raise ExportError(
                f'{kind} differs from {first} by {difference:.2g}; '
                f'at most {PARITY_TOLERANCE} may be'
            )
        differences[kind] = difference
    return differences


def export(
    recipe: Recipe,
    model: keras.Model,
    labels: Sequence[str],
    head: str,
    folder: Path,
    data: FaceData,
    training: dict[str, Any],
    terms: str = TERMS,
) -> dict[str, float]:
    """
    Write a bundle; nothing is left where it fails.

    The temperature is fitted on PublicTest, which no weight was learnt from.

    :param recipe: the recipe.
    :param model: of the recipe, trained, in float32 and of the recipe's side.
    :param labels: of the head.
    :param head: that becomes the bundle's output.
    :param folder: of the bundle; what another file but the README there says is replaced.
    :param data: that the network learnt from, with its split `public`.
    :param training: the card's `training`.
    :param terms: of that data.
    :return: the largest difference of each form, as of `check_parity`.
    :raises ExportError: if the forms differ, or there is no such head.
    """
    public = data.of_split(PUBLIC)
    network = single_head(model, head, folder.name)
    truth = head_truth(head, public)
    kept = truth >= 0
    logits = predict_logits(model, public.images, recipe, recipe.side)[head]
    spec = input_spec(recipe)
    card = {
        'name': folder.name,
        'labels': list(labels),
        'input': {
            'height': spec.height,
            'width': spec.width,
            'channels': spec.channels,
            'colour': spec.colour,
            'value_range': list(spec.value_range),
        },
        'crop': {
            'left_eye': list(FER2013_CROP.left_eye),
            'right_eye': list(FER2013_CROP.right_eye),
        },
        'output': 'logits',
        'temperature': round(fit_temperature(logits[kept], truth[kept]), 4),
        'files': {},
        'training': {**training, 'parameters': network.count_params()},
        'metrics': {},
        'licence': 'Apache-2.0',
        'terms': terms,
    }
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / folder.name
        made.mkdir()
        card['files'] = write_forms(network, made)
        (made / CARD_NAME).write_text(card_text(card), encoding='utf-8')
        read = load_card(made)
        backends = {
            kind: create_backend(name, read)
            for kind, name in (
                ('keras', keras.backend.backend()),
                ('tflite', 'litert'),
                ('onnx', 'opencv'),
            )
        }
        step = max(1, len(public) // PARITY_PICTURES)
        differences = check_parity(
            backends, to_network_input(resize(public.images[::step], spec.height), spec)
        )
        folder.mkdir(parents=True, exist_ok=True)
        for file in made.iterdir():
            shutil.copyfile(file, folder / file.name)
    return differences


def terms_of(run: Run, head: str) -> str:
    """
    Say what the data of a run may be used for.

    :param run: trained.
    :param head: that becomes a bundle.
    :return: the card's `terms`.
    """
    begun = ''
    if run.recipe.weights != 'none':
        of_imagenet = began_with_imagenet(origins_of(run)['begun_from'])
        begun = IMAGENET_TERMS if of_imagenet else BEGUN_TERMS
    if run.state['data_sha256'] == FER2013_IMAGES_SHA256:
        return TERMS + (FERPLUS_TERMS if head == 'ferplus' else '') + begun
    return (CKPLUS_TERMS if run.recipe.dataset == 'ckplus' else OTHER_TERMS) + begun


def origin_of(run: Run) -> dict[str, Any]:
    """
    Tell how a network was made.

    :param run: trained; the runs that taught it are still there.
    :return: the card's `training`.
    """
    data = 'CK+' if run.recipe.dataset == 'ckplus' else ''
    data = data or f'{run.state["pictures"]} pictures of a data set of its owner'
    if run.state['data_sha256'] == FER2013_IMAGES_SHA256:
        data = 'FER2013, Training split without pictures that are no face by the FER+ votes'
        data += '; FER+ votes' if 'ferplus' in run.labels else ''
    selected = run.recipe.selection.summary()
    averaged = run.state.get('averaged')
    chosen = {'averaged': averaged} if averaged else {'chosen_epoch': run.state['best_epoch']}
    file = recipe_file(Path(run.recipe.file or run.recipe.name))
    return {
        'recipe': run.recipe.name,
        'recipe_sha256': recipe_sha256(file),
        'data': data + (f'; {json.dumps(selected)}' if selected else ''),
        'data_sha256': run.state['data_sha256'],
        **{name: told for name, told in origins_of(run).items() if told},
        'seed': [part['seed'] for part in averaged] if averaged else run.state['seed'],
        'epochs': run.state['epoch'],
        **chosen,
        'engine': run.state['engine'],
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what `export` takes."""
    parser.add_argument('recipe', nargs='?', help='the recipe of the run: its file, or its name')
    parser.add_argument(
        '--run', dest='folder', type=Path, help='the folder of the run (default: runs/<name>)'
    )
    parser.add_argument(
        '--head', help='of a run with several: fer2013, ferplus, or labels for those of the data'
    )
    parser.add_argument('--output', type=Path, help='the folder of the bundle')
    parser.add_argument('--data', help='folder of the data sets (default: FER_ROS_DATA)')
    parser.add_argument(
        '--quantize',
        nargs='+',
        choices=PRECISIONS,
        default=[],
        help='make smaller bundles too, <output>_<precision>, for LiteRT alone',
    )
    parser.add_argument(
        '--bundle', help='make them of a bundle that is there, in place of a run'
    )
    parser.add_argument(
        '--force', action='store_true', help='make them though they lose accuracy'
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry out `export`."""
    if (arguments.bundle is None) == (arguments.recipe is None and arguments.folder is None):
        raise ExportError('name the recipe or --run of what was trained, or a --bundle')
    if arguments.bundle is not None:
        if not arguments.quantize:
            raise ExportError('a bundle is exported already; say --quantize int8 or float16')
        folder = find_bundle(arguments.bundle)
        data = read_data(data_root(arguments.data))
    else:
        if arguments.output is None:
            raise ExportError('name the folder of the bundle by --output')
        folder = arguments.output
        found = load_run(arguments.folder or Path('runs') / Path(arguments.recipe).stem)
        data = read_data(data_root(arguments.data, found.recipe.dataset))
        data = select(data, found.recipe.selection)
        _export_run(found, arguments.head, folder, data)
    card = load_card(folder)
    for precision in arguments.quantize:
        base = folder if arguments.bundle is None else arguments.output or folder
        smaller = base.with_name(f'{base.name}_{precision}')
        # The converter tells of every step; what counts is said below.
        with contextlib.redirect_stdout(None):
            made = quantize_bundle(card, precision, smaller, data, arguments.force)
        size = (smaller / FILE_NAMES['tflite']).stat().st_size / 2**20
        print(
            f'{smaller}: {size:.1f} MiB (float32: '
            f'{card.file("tflite").stat().st_size / 2**20:.1f}), accuracy on PublicTest '
            f'{100 * made["public_accuracy"]:.2f} % '
            f'(float32: {100 * made["public_accuracy_float32"]:.2f} %)'
        )
    return 0


def _export_run(found: Run, given: str | None, folder: Path, data: FaceData) -> None:
    """Make the bundle of one head of a run."""
    head = given or (next(iter(found.labels)) if len(found.labels) == 1 else None)
    if head not in found.labels:
        raise ExportError(
            f'--head is {given}; {found.folder} has the heads {", ".join(found.labels)}'
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
        )
    compared = ', '.join(f'{kind} {value:.1e}' for kind, value in differences.items())
    print(f'{folder}: largest differences from the Keras network: {compared}')
