"""
The registered back ends and detectors.

To add a back end or a detector, add a row here and a branch in `backends/choice.py` or
`detection/choice.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BackendKind:
    """
    A back end.

    :param name: value of the parameter `backend` that selects this back end.
    :param reads: file format of the network, 'keras', 'tflite' or 'onnx', as in a card's `files`.
    :param on_gpu: whether the back end can run on a GPU. All back ends can run on the CPU.
    """

    name: str
    reads: str
    on_gpu: bool


# The back ends by name, in the order in which 'auto' tries them.
BACKENDS = {
    kind.name: kind
    for kind in (
        BackendKind('tensorflow', 'keras', on_gpu=True),
        BackendKind('torch', 'keras', on_gpu=True),
        BackendKind('jax', 'keras', on_gpu=True),
        BackendKind('litert', 'tflite', on_gpu=False),
        BackendKind('opencv', 'onnx', on_gpu=False),
    )
}

GPU_BACKENDS = tuple(kind.name for kind in BACKENDS.values() if kind.on_gpu)
CPU_BACKENDS = tuple(kind.name for kind in BACKENDS.values() if not kind.on_gpu)

# File name suffix of the weights by the name of the detector, as in the parameter `detector`.
# The order is that in which 'auto' tries the detectors, the best first.
DETECTORS = {'yunet': '.onnx', 'blazeface': '.tflite', 'haar': '.xml'}
