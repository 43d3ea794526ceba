"""Make small ONNX networks for tests."""

import numpy as np
from onnx import helper
from onnx import numpy_helper
from onnx import TensorProto

OPSET = 13


def weighted(batch='N', shape=(4, 4, 1), labels=2, seed=0):
    """Create a network that flattens a picture and multiplies it by random weights."""
    weights = np.random.default_rng(seed).normal(size=(int(np.prod(shape)), labels))
    nodes = [
        helper.make_node('Flatten', ['image'], ['flat'], axis=1),
        helper.make_node('MatMul', ['flat', 'weights'], ['logits']),
    ]
    return of_nodes(nodes, {'weights': weights.astype(np.float32)}, batch, shape, labels)


def of_nodes(nodes, arrays, batch='N', shape=(4, 4, 1), labels=2, domain=''):
    """Create a network from its nodes, which map `image` to `logits`."""
    graph = helper.make_graph(
        nodes,
        'made',
        [helper.make_tensor_value_info('image', TensorProto.FLOAT, [batch, *shape])],
        [helper.make_tensor_value_info('logits', TensorProto.FLOAT, [batch, labels])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid('', OPSET)]
    if domain:
        opsets.append(helper.make_opsetid(domain, 1))
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)
