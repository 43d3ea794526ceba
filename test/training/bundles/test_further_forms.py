"""Test the files for converters of other processors."""

import shutil

import numpy as np
import onnx
import pytest

from fer_ros.perception.backends.litert import LiteRtBackend
from fer_ros.perception.backends.onnxruntime import OnnxRuntimeBackend
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from training.bundles import further_forms
from training.bundles.further_forms import add_forms
from training.bundles.further_forms import for_one_picture
from training.bundles.quantization import QuantizationError

CARD = load_card(find_bundle('fer2013_tiny'))


def test_all_shapes_of_the_file_for_one_picture_are_fixed():
    content = for_one_picture(CARD.read('onnx'))
    batch = np.random.default_rng(0).random((3, 48, 48, 1), np.float32)

    graph = onnx.load_model_from_string(content).graph
    for value in (*graph.input, *graph.output, *graph.value_info):
        assert all(size.dim_value > 0 for size in value.type.tensor_type.shape.dim), value.name
    np.testing.assert_allclose(
        OnnxRuntimeBackend(content).run(batch),
        OnnxRuntimeBackend(CARD.read('onnx')).run(batch),
        atol=1e-4,
    )


def test_a_file_that_differs_is_not_written(tmp_path, made_up, monkeypatch):
    folder = shutil.copytree(CARD.folder, tmp_path / 'tiny')
    before = (folder / 'card.yaml').read_text()
    monkeypatch.setattr(further_forms, 'PARITY_TOLERANCE', -1.0)

    with pytest.raises(QuantizationError, match='onnx_batch1 is not written: largest difference'):
        add_forms(load_card(folder), ['onnx_batch1'], made_up(70, 'public'))

    assert (folder / 'card.yaml').read_text() == before
    assert not (folder / 'model_batch1.onnx').exists()


@pytest.mark.slow
def test_both_files_are_in_the_card_and_run(tmp_path, fer2013):
    folder = shutil.copytree(CARD.folder, tmp_path / 'tiny')

    add_forms(load_card(folder), ['onnx_batch1', 'tflite_int8'], fer2013)

    card = load_card(folder)
    assert card.kinds == ('keras', 'tflite', 'onnx', 'onnx_batch1', 'tflite_int8')
    network = LiteRtBackend(card.read('tflite_int8'))
    assert network._element == np.int8
    assert network.run(np.zeros((2, 48, 48, 1), np.float32)).shape == (2, 7)
