"""
Smaller forms of a bundle's network for LiteRT: weights of half the bits, or whole numbers alone.

By the converter of TensorFlow, which Keras exports through already: nothing else is to be
installed, input and output stay float32, so that the node runs the file as any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
import shutil
import tempfile
from typing import Any

import keras
import numpy as np
import yaml

from fer_ros.perception.backends.litert import LiteRtBackend
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import LEAST_PROBABILITY
from fer_ros.perception.crops.preprocessing import to_network_input
from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import ModelCard
from fer_ros.perception.models.model_files import sha256_of
from training.bundles.card_figures import card_text
from training.data.augmentation import resize
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN
from training.data.stratified import stratified
from training.evaluation.calibration import calibration_images
from training.evaluation.calibration import fit_temperature
from training.evaluation.calibration import PLAIN
from training.evaluation.classifiers import classify
from training.evaluation.truth import truth_for

# Half the bits: float16 weights.  A quarter: int8 weights, a scale for each channel, and int8
# between the layers.
PRECISIONS = ('float16', 'int8')

# Pictures of Training whose activations set the scales between the layers; with half of them the
# accuracy of the first network that shipped fell by 0.3 points, not 0.1.
CALIBRATION_PICTURES = 1000

# More accuracy than this, as a share, is not to be lost on PublicTest.
MOST_LOSS = 0.003


class QuantizationError(ValueError):
    """A smaller form that is not worth having."""


def write_quantized(
    model: keras.Model, path: Path, precision: str, calibration: np.ndarray
) -> None:
    """
    Write a network for LiteRT in fewer bits.

    :param model: in float32, of a fixed side.
    :param path: of the file.
    :param precision: one of `PRECISIONS`.
    :param calibration: (N, height, width, channels) float32, what the network will see.
    :raises QuantizationError: if there is no such precision.
    """
    if precision not in PRECISIONS:
        raise QuantizationError(f"there is no precision '{precision}'; choose float16 or int8")
    # Only the converter of TensorFlow does this, whichever engine the network was trained on.
    import tensorflow

    def representative() -> Iterator[list[np.ndarray]]:
        for picture in calibration:
            yield [picture[None]]

    options: dict[str, Any] = {'optimizations': [tensorflow.lite.Optimize.DEFAULT]}
    if precision == 'float16':
        options['target_spec'] = {'supported_types': [tensorflow.float16]}
    else:
        options['representative_dataset'] = representative
    # A model that was never called has no trace to export.
    model(np.zeros((1, *model.input_shape[1:]), np.float32))
    model.export(path, format='litert', verbose=False, **options)


def quantize_bundle(
    card: ModelCard, precision: str, folder: Path, data: FaceData, force: bool = False
) -> dict[str, Any]:
    """
    Make a bundle of fewer bits; nothing is left where it fails.

    It is another bundle and has no other form than LiteRT's: all forms of one bundle say the same
    to 1e-3, and this one does not.  Its temperature is fitted anew.

    :param card: of the bundle in float32.
    :param precision: one of `PRECISIONS`.
    :param folder: of the new bundle.
    :param data: with its splits `train` and `public`.
    :param force: write it though it loses more accuracy than `MOST_LOSS`.
    :return: what the card's `training` says under `quantization`.
    :raises QuantizationError: if it loses more, or the folder is that of the bundle itself.
    """
    if folder.resolve() == card.folder.resolve():
        raise QuantizationError(
            f'{folder} is the bundle in float32 itself; set another --output, for example '
            f'{folder}_{precision}'
        )
    public = data.of_split(PUBLIC)
    truth = truth_for(card.name, card.labels, public).labels
    kept = truth >= 0
    if not kept.any():
        raise DataError(f'none of the {len(public)} pictures has a label of {card.name}')
    public, truth = public.take(kept), truth[kept]
    shown = stratified(data.of_split(TRAIN), CALIBRATION_PICTURES)
    calibration = to_network_input(resize(shown.images, card.input.height), card.input)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / 'model.tflite'
        model = keras.saving.load_model(card.file('keras'), compile=False)
        write_quantized(model, file, precision, calibration)
        before, after = (
            float((_classified(card, form, public.images).argmax(axis=1) == truth).mean())
            for form in (card.file('tflite'), file)
        )
        if before - after > MOST_LOSS and not force:
            raise QuantizationError(
                f'the accuracy of {precision} on PublicTest is {100 * after:.2f} %, and that of '
                f'float32 is {100 * before:.2f} %. The loss is more than {100 * MOST_LOSS:.1f} '
                'points; write the bundle anyway with --force'
            )
        made = {
            'precision': precision,
            'of': card.name,
            'of_sha256': card.sha256('keras'),
            'calibrated_on': f'{len(shown)} pictures of Training, stratified',
            'public_accuracy': round(after, 4),
            'public_accuracy_float32': round(before, 4),
        }
        written = yaml.safe_load((card.folder / CARD_NAME).read_text(encoding='utf-8'))
        # Bundles of before this was said were calibrated on pictures as they are.
        on = calibration_images(public.images, card.training.get('calibrated_on', PLAIN))
        probabilities = _classified(card, file, on)
        # What the network gave was divided by the card's temperature already.
        logits = np.log(np.maximum(probabilities, LEAST_PROBABILITY)) * card.temperature
        temperature = fit_temperature(logits, np.tile(truth, len(on) // len(truth)))
        written |= {
            'name': folder.name,
            'temperature': round(temperature, 4),
            'files': {'tflite': {'name': file.name, 'sha256': sha256_of(file)}},
            'training': {**written['training'], 'quantization': made},
            'metrics': {},
        }
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / file.name)
        (folder / CARD_NAME).write_text(card_text(written), encoding='utf-8')
    return made


def _classified(card: ModelCard, file: Path, images: np.ndarray) -> np.ndarray:
    """Ask a form of a network about pictures, as the node runs it: (N, labels) probabilities."""
    plain = replace(card, files={'tflite': (file.name, '')})
    backend = LiteRtBackend(file.read_bytes(), file)
    return classify(Classifier(plain, backend), images)
