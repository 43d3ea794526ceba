"""
The back ends and the detectors that there are.

A new one gets a row here, and a branch in `backends/choice.py` or `detection/choice.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BackendKind:
    """
    A back end.

    :param name: as in the parameter `backend`.
    :param reads: the form of the network, 'keras', 'tflite' or 'onnx', as in a card's `files`.
    :param on_gpu: whether it can run on a GPU; the others run on the CPU alone.
    """

    name: str
    reads: str
    on_gpu: bool


# In the order in which 'auto' tries them.
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

# By the names of the detectors, as in the parameter `detector`, the suffix of their weights; in
# the order in which 'auto' tries them, the best first.
DETECTORS = {'yunet': '.onnx', 'blazeface': '.tflite', 'haar': '.xml'}
