"""
Quantize the network of a bundle for LiteRT.

The result has float16 weights, or int8 weights and activations.  The converter of TensorFlow
quantizes the network.  Keras exports through this converter already, so no other package is
needed.  Input and output stay float32, so the node runs the file like any other.
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

# float16: float16 weights.  int8: int8 weights with a scale for each channel, and int8
# activations between the layers.
PRECISIONS = ('float16', 'int8')

# Number of pictures of Training whose activations set the scales between the layers.  With half
# as many, the accuracy of the first released network fell by 0.3 points instead of 0.1.
CALIBRATION_PICTURES = 1000

# Largest accepted loss of accuracy on PublicTest, as a share.
MOST_LOSS = 0.003


class QuantizationError(ValueError):
    """The quantized network is not usable."""


def write_quantized(
    model: keras.Model,
    path: Path,
    precision: str,
    calibration: np.ndarray,
    integer_input: bool = False,
) -> None:
    """
    Write a quantized network for LiteRT.

    :param model: model in float32, with a fixed input side.
    :param path: path of the file.
    :param precision: one of `PRECISIONS`.
    :param calibration: (N, height, width, channels) float32, typical inputs of the network.
    :param integer_input: whether input and output of an int8 network are int8 as well.
    :raises QuantizationError: if the precision is unknown.
    """
    if precision not in PRECISIONS:
        raise QuantizationError(f"there is no precision '{precision}'; choose float16 or int8")
    # Only the converter of TensorFlow quantizes, whichever engine trained the network.
    import tensorflow

    def representative() -> Iterator[list[np.ndarray]]:
        for picture in calibration:
            yield [picture[None]]

    options: dict[str, Any] = {'optimizations': [tensorflow.lite.Optimize.DEFAULT]}
    if precision == 'float16':
        options['target_spec'] = {'supported_types': [tensorflow.float16]}
    else:
        options['representative_dataset'] = representative
        if integer_input:
            options['target_spec'] = {
                'supported_ops': [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
            }
            options['inference_input_type'] = tensorflow.int8
            options['inference_output_type'] = tensorflow.int8
    # Keras exports a trace, which a model has only after its first call.
    model(np.zeros((1, *model.input_shape[1:]), np.float32))
    model.export(path, format='litert', verbose=False, **options)


def quantize_bundle(
    card: ModelCard, precision: str, folder: Path, data: FaceData, force: bool = False
) -> dict[str, Any]:
    """
    Create a quantized bundle; a failure writes no file.

    The quantized network becomes a separate bundle with the LiteRT file alone.  The outputs of all
    files of one bundle agree to 1e-3, but those of a quantized network differ more.  The
    temperature of the new bundle is fitted anew.

    :param card: card of the bundle in float32.
    :param precision: one of `PRECISIONS`.
    :param folder: folder of the new bundle.
    :param data: data set with its splits `train` and `public`.
    :param force: whether to write the bundle even if it loses more accuracy than `MOST_LOSS`.
    :return: `quantization` of the entry `training` of the card.
    :raises QuantizationError: if it loses more accuracy, or `folder` is that of the bundle itself.
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
                f'the accuracy of {precision} on the validation split is {100 * after:.2f} %, and '
                f'that of float32 is {100 * before:.2f} %. The loss is more than '
                f'{100 * MOST_LOSS:.1f} points; write the bundle anyway with --force'
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
        # Cards of earlier versions have no `calibrated_on`; these bundles were calibrated on plain
        # pictures.
        on = calibration_images(public.images, card.training.get('calibrated_on', PLAIN))
        probabilities = _classified(card, file, on)
        # The classifier has already divided the logits by the temperature of the card.
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
    """Classify pictures with a file of a network, as the node does: (N, labels) probabilities."""
    plain = replace(card, files={'tflite': (file.name, '')})
    backend = LiteRtBackend(file.read_bytes(), file)
    return classify(Classifier(plain, backend), images)
