"""
Create a bundle from a trained network: `python -m training export fer_mobile --head fer2013 ...`.

`--quantize int8` also creates a smaller bundle; with `--bundle`, from an existing bundle.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import shutil
import tempfile
from typing import Any

import keras
import numpy as np

from fer_ros.perception.backends.base import Backend
from fer_ros.perception.backends.choice import create_backend
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.crops.preprocessing import to_network_input
from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.models.model_files import sha256_of
from training.bundles.card_figures import card_text
from training.bundles.provenance import TERMS
from training.data.augmentation import resize
from training.data.datasets import FaceData
from training.data.datasets import PUBLIC
from training.evaluation.calibration import calibration_images
from training.evaluation.calibration import DEFAULT_CALIBRATED_ON
from training.evaluation.calibration import fit_temperature
from training.evaluation.validation import head_truth
from training.evaluation.validation import predict_logits
from training.recipes.heads import input_spec
from training.recipes.recipe import Recipe

# OpenCV 4.6 cannot read ReLU6 in ONNX of opset 11 and later, because Clip has its bounds as
# inputs.  OpenCV 4.6 cannot read opset 13 and later at all, because Squeeze has its axes as an
# input.
ONNX_OPSET = 10

FILE_NAMES = {'keras': 'model.keras', 'tflite': 'model.tflite', 'onnx': 'model.onnx'}

# The outputs of the file formats may differ by at most this much; otherwise the export fails.
PARITY_TOLERANCE = 1e-3

# Number of pictures on which the file formats are compared.
PARITY_PICTURES = 64


class ExportError(ValueError):
    """The network cannot be exported correctly."""


def single_head(model: keras.Model, head: str, name: str) -> keras.Model:
    """
    Extract the network of one head from a network with several heads.

    :param model: model that maps a picture to logits, keyed by head.
    :param head: name of the head.
    :param name: name of the new model.
    :return: model that maps a picture to (N, labels) logits; it shares its layers with `model`.
    :raises ExportError: if the model has no such head.
    """
    if head not in model.output:
        raise ExportError(
            f"the network has no head '{head}'; its heads are: {', '.join(model.output)}"
        )
    return keras.Model(model.input, model.output[head], name=name)


def write_forms(model: keras.Model, folder: Path) -> dict[str, dict[str, str]]:
    """
    Write a network in every file format that the back ends read.

    :param model: model in float32, with a fixed input side.
    :param folder: existing folder.
    :return: `files` of the card: name and SHA-256 of each file, keyed by format.
    """
    # Keras exports a trace, which a model has only after its first call.
    model(np.zeros((1, *model.input_shape[1:]), np.float32))
    for kind, name in FILE_NAMES.items():
        write_form(model, kind, folder / name)
    return {
        kind: {'name': name, 'sha256': sha256_of(folder / name)}
        for kind, name in FILE_NAMES.items()
    }


def write_form(model: keras.Model, kind: str, path: Path) -> None:
    """
    Write a network in one file format.

    :param model: model in float32, with a fixed input side, that was called before.
    :param kind: 'keras', 'tflite' or 'onnx'.
    :param path: path of the file, with the suffix of its format.
    """
    if kind == 'keras':
        model.save(path)
    elif kind == 'tflite':
        model.export(path, format='litert', verbose=False)
    else:
        model.export(path, format='onnx', opset_version=ONNX_OPSET, verbose=False)


def check_parity(backends: dict[str, Backend], batch: np.ndarray) -> dict[str, float]:
    """
    Compare the outputs of the file formats of a network on the same pictures.

    :param backends: back end of each format; the first one is the reference.
    :param batch: (N, height, width, channels) float32 input of the network.
    :return: largest difference of any output from the reference, keyed by format.
    :raises ExportError: if a difference is larger than `PARITY_TOLERANCE`.
    """
    outputs = {kind: backend.run(batch) for kind, backend in backends.items()}
    first, expected = next(iter(outputs.items()))
    differences = {}
    for kind, output in outputs.items():
        if output.shape != expected.shape:
            raise ExportError(
                f'the {kind} file outputs the shape {output.shape}, but the {first} '
                f'file outputs {expected.shape}'
            )
        difference = float(np.abs(output - expected).max())
        # The condition is negated so that NaN, which compares as false, is rejected too.
        if not difference <= PARITY_TOLERANCE:
            raise ExportError(
                f'the outputs of the {kind} and {first} files differ by {difference:.2g}, but at '
                f'most {PARITY_TOLERANCE} is allowed'
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
    calibrate_on: str = DEFAULT_CALIBRATED_ON,
) -> dict[str, float]:
    """
    Write a bundle; a failed export writes no file.

    The temperature is fitted on PublicTest, from which no weight was learned: on its pictures
    unchanged, degraded, or both.

    :param recipe: the recipe.
    :param model: trained model of the recipe, in float32, with the input side of the recipe.
    :param labels: labels of the head.
    :param head: name of the head that becomes the output of the bundle.
    :param folder: folder of the bundle; existing files are replaced, except the README.
    :param data: data set that the network was trained on, including its split `public`.
    :param training: the entry `training` of the card.
    :param terms: terms of use of the data.
    :param calibrate_on: one of `CALIBRATED_ON`; the entry `training` of the card names it.
    :return: largest difference of each file format, as in `check_parity`.
    :raises ExportError: if the formats differ, or the model has no such head.
    """
    public = data.of_split(PUBLIC)
    network = single_head(model, head, folder.name)
    images = calibration_images(public.images, calibrate_on)
    # `images` has the pictures of PublicTest once or twice; the labels are repeated as often.
    truth = np.tile(head_truth(head, public), len(images) // len(public))
    kept = truth >= 0
    logits = predict_logits(model, images, recipe, recipe.side)[head]
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
        'training': {
            **training,
            'calibrated_on': calibrate_on,
            'parameters': network.count_params(),
        },
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
            kind: create_backend(name, read, trial=False)
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
