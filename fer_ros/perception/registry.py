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
    :param needs: modules that the back end imports, without those of the node itself.
    """

    name: str
    reads: str
    on_gpu: bool
    needs: tuple[str, ...] = ()


# The back ends by name, in the order in which 'auto' looks for one with a GPU.
BACKENDS = {
    kind.name: kind
    for kind in (
        BackendKind('tensorflow', 'keras', on_gpu=True, needs=('tensorflow', 'keras')),
        BackendKind('torch', 'keras', on_gpu=True, needs=('torch', 'keras')),
        BackendKind('jax', 'keras', on_gpu=True, needs=('jax', 'keras')),
        BackendKind('litert', 'tflite', on_gpu=False),
        BackendKind('onnxruntime', 'onnx', on_gpu=True, needs=('onnxruntime',)),
        BackendKind('opencv', 'onnx', on_gpu=False),
    )
}

GPU_BACKENDS = tuple(kind.name for kind in BACKENDS.values() if kind.on_gpu)
# The back ends that start within a second and need little memory, in the order in which 'auto'
# tries them on the CPU.
SMALL_BACKENDS = tuple(kind.name for kind in BACKENDS.values() if kind.reads != 'keras')
# All back ends, in the order in which 'auto' tries them on the CPU.
CPU_BACKENDS = (*SMALL_BACKENDS, *(name for name in BACKENDS if name not in SMALL_BACKENDS))

# File name suffix of the weights by the name of the detector, as in the parameter `detector`.
# The order is that in which 'auto' tries the detectors, the best first.
DETECTORS = {'yunet': '.onnx', 'blazeface': '.tflite', 'haar': '.xml'}
