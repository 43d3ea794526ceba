"""
Add further file formats to a bundle, for tools that convert networks for other processors.

No back end selects these files by itself; the card lists them with their hashes.
"""

from __future__ import annotations

from pathlib import Path
import tempfile
from typing import Any

import keras
import numpy as np
import yaml

from fer_ros.perception.backends.litert import LiteRtBackend
from fer_ros.perception.backends.onnxruntime import OnnxRuntimeBackend
from fer_ros.perception.crops.preprocessing import to_network_input
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import ModelCard
from training.bundles.card_figures import card_text
from training.bundles.export import PARITY_PICTURES
from training.bundles.export import PARITY_TOLERANCE
from training.bundles.quantization import CALIBRATION_PICTURES
from training.bundles.quantization import QuantizationError
from training.bundles.quantization import write_quantized
from training.data.augmentation import resize
from training.data.datasets import FaceData
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN
from training.data.stratified import stratified

# Names of the files by the key of the file format in the card: ONNX for one picture at a time, and
# LiteRT with int8 weights, activations, input and output.
FORMS = {'onnx_batch1': 'model_batch1.onnx', 'tflite_int8': 'model_int8.tflite'}

# Smallest accepted share of pictures whose best label stays the same after quantization.
LEAST_AGREEMENT = 0.95


def add_forms(card: ModelCard, forms: list[str], data: FaceData) -> dict[str, str]:
    """
    Write further file formats into the folder of a bundle; a failure writes no file.

    :param card: card of a bundle in float32; its file is rewritten.
    :param forms: keys of FORMS.
    :param data: data set with its splits `train` and `public`.
    :return: a sentence with the measured agreement for each format.
    :raises QuantizationError: if a format does not agree with the network.
    """
    public = data.of_split(PUBLIC)
    step = max(1, len(public) // PARITY_PICTURES)
    batch = to_network_input(resize(public.images[::step], card.input.height), card.input)
    expected = LiteRtBackend(card.read('tflite')).run(batch)
    contents, told = {}, {}
    for form in forms:
        if form == 'onnx_batch1':
            contents[form] = for_one_picture(card.read('onnx'))
            found = OnnxRuntimeBackend(contents[form]).run(batch)
            difference = float(np.abs(found - expected).max())
            right = difference <= PARITY_TOLERANCE
            told[form] = f'largest difference from the network {difference:.1e}'
        else:
            contents[form] = _integers(card, data)
            found = LiteRtBackend(contents[form]).run(batch)
            share = float((found.argmax(axis=1) == expected.argmax(axis=1)).mean())
            right = share >= LEAST_AGREEMENT
            told[form] = f'the same label as the network for {100 * share:.1f} % of the pictures'
        if not right:
            raise QuantizationError(f'{form} is not written: {told[form]}')
    path = card.folder / CARD_NAME
    written = yaml.safe_load(path.read_text(encoding='utf-8'))
    for form, content in contents.items():
        (card.folder / FORMS[form]).write_bytes(content)
        written['files'][form] = {'name': FORMS[form], 'sha256': sha256_of_bytes(content)}
    path.write_text(card_text(written), encoding='utf-8')
    return told


def for_one_picture(content: bytes) -> bytes:
    """
    Fix the batch size of an ONNX file to 1.

    :param content: content of the file.
    :return: content of the new file, in which all shapes are fixed.
    """
    import onnx

    model: Any = onnx.load_model_from_string(content)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    # Shapes that were inferred for any batch size are inferred again.
    del model.graph.value_info[:]
    fixed: bytes = onnx.shape_inference.infer_shapes(model).SerializeToString()
    return fixed


def _integers(card: ModelCard, data: FaceData) -> bytes:
    """Quantize the network with integer input and output."""
    shown = stratified(data.of_split(TRAIN), CALIBRATION_PICTURES)
    calibration = to_network_input(resize(shown.images, card.input.height), card.input)
    model = keras.saving.load_model(card.file('keras'), compile=False)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / 'model.tflite'
        write_quantized(model, path, 'int8', calibration, integer_input=True)
        return path.read_bytes()
