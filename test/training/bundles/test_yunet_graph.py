"""Check that the stored YuNet graph equals a newly written graph."""

import numpy as np
import pytest

from fer_ros.perception.detection import yunet_litert
from fer_ros.perception.detection.yunet_litert import GRAPH
from fer_ros.perception.detection.yunet_litert import LiteRtYuNet
from yunet_weights import small_weights

keras = pytest.importorskip('keras')
if keras.backend.backend() != 'tensorflow':
    pytest.skip("TensorFlow's converter writes it", allow_module_level=True)


def test_the_graph_of_the_package_is_what_is_written(tmp_path, monkeypatch):
    interpreter = pytest.importorskip('ai_edge_litert.interpreter').Interpreter
    from training.bundles import yunet_graph

    written = tmp_path / 'yunet.tflite'
    monkeypatch.setattr(yunet_graph, 'GRAPH', written)
    assert yunet_graph.write_graph() == written

    monkeypatch.setattr(yunet_litert, 'read_weights', lambda path: small_weights())
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    found = []
    for graph in (GRAPH, written):
        monkeypatch.setattr(yunet_litert, 'GRAPH', graph)
        found.append(LiteRtYuNet('yunet.onnx', interpreter).find(image, 0.0))
    assert len(found[0]) > 10
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)
