"""The interface of a back end, and the code that the back ends share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

# Batch sizes for which networks are compiled at start. When a person comes or leaves, nothing has
# to be compiled again. A batch of another size is padded to the next size, or split if it is too
# large. LiteRT, OpenCV, and ONNX Runtime on the CPU, compile nothing, so their batches are not
# padded.
BATCH_SIZES = (1, 2, 4, 8, 16)


class BackendError(RuntimeError):
    """Raised if a back end cannot run: its engine is not installed or rejects the network."""


class GpuMemoryError(BackendError):
    """Raised if the GPU has too little memory for a back end, which may still run on the CPU."""


class Backend(Protocol):
    """A back end, which runs one network."""

    # The value of the parameter `backend` for this back end.
    name: str
    # The device in readable form, such as 'CPU' or 'GPU NVIDIA H100'.
    device: str
    # The file format of the network: 'keras', 'tflite' or 'onnx'.
    kind: str
    # The reason why this back end was selected.
    reason: str

    def run(self, batch: np.ndarray) -> np.ndarray:
        """
        Run the network.

        :param batch: (N, height, width, channels) float32, N at least 1.
        :return: (N, labels) float32, the output of the network.
        :raises BackendError: if the engine fails.
        """
        ...


def run_in_buckets(
    batch: np.ndarray, run_bucket: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """
    Run a batch of any size on an engine that supports only some batch sizes.

    :param batch: (N, height, width, channels) float32, N at least 1.
    :param run_bucket: function that runs a batch whose size is one of BATCH_SIZES.
    :return: (N, labels) float32 outputs of the network.
    """

    def run_filled(part: np.ndarray) -> np.ndarray:
        missing = next(size for size in BATCH_SIZES if size >= len(part)) - len(part)
        if not missing:
            return run_bucket(part)
        nobody = np.zeros((missing, *part.shape[1:]), np.float32)
        return run_bucket(np.concatenate([part, nobody]))[: len(part)]

    return run_in_parts(batch, run_filled)


def run_in_parts(
    batch: np.ndarray,
    run_part: Callable[[np.ndarray], np.ndarray],
    most: int = BATCH_SIZES[-1],
) -> np.ndarray:
    """
    Run a batch of any size in parts of limited size.

    :param batch: (N, height, width, channels) float32, N at least 1.
    :param run_part: function that runs a part.
    :param most: maximum number of crops in a part.
    :return: (N, labels) float32 outputs of the network.
    """
    if len(batch) <= most:
        return run_part(batch)
    return np.concatenate([run_part(batch[start:][:most]) for start in range(0, len(batch), most)])


def run_in_fixed_parts(
    batch: np.ndarray, run_part: Callable[[np.ndarray], np.ndarray], size: int
) -> np.ndarray:
    """
    Run a batch of any size on a network that accepts only one batch size.

    :param batch: (N, height, width, channels) float32, N at least 1.
    :param run_part: function that runs a batch of this size.
    :param size: the batch size of the network.
    :return: (N, labels) float32 outputs of the network.
    """

    def run_filled(part: np.ndarray) -> np.ndarray:
        missing = size - len(part)
        if not missing:
            return run_part(part)
        nobody = np.zeros((missing, *part.shape[1:]), np.float32)
        return run_part(np.concatenate([part, nobody]))[: len(part)]

    return run_in_parts(batch, run_filled, size)
