"""What the classifier needs of a back end, and what the back ends share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

# Networks are prepared for these numbers of faces, so that nothing is compiled or planned again
# when a person comes or leaves; a batch between two of them is filled up, a larger one is split.
# LiteRT and OpenCV compile nothing, and are given as many as there are.
BATCH_SIZES = (1, 2, 4, 8, 16)


class BackendError(RuntimeError):
    """A back end that cannot run: its engine is not installed, or refuses the network."""


class GpuMemoryError(BackendError):
    """A back end for which the GPU has not enough memory; on the CPU it would run."""


class Backend(Protocol):
    """Runs one network."""

    # As in the parameter `backend`.
    name: str
    # What it runs on, as a person would say it: 'CPU', 'GPU NVIDIA H100'.
    device: str
    # The form of the network that it reads: 'keras', 'tflite' or 'onnx'.
    kind: str
    # Why it was taken, and not another.
    reason: str

    def run(self, batch: np.ndarray) -> np.ndarray:
        """
        Run the network.

        :param batch: (N, height, width, channels) float32, N at least 1.
        :return: (N, labels) float32, the network's output.
        :raises BackendError: if the engine fails.
        """
        ...


def run_in_buckets(
    batch: np.ndarray, run_bucket: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """
    Run a batch of any size on an engine that knows a few.

    :param batch: (N, height, width, channels) float32, N at least 1.
    :param run_bucket: runs a batch of one of BATCH_SIZES.
    :return: (N, labels) float32.
    """

    def run_filled(part: np.ndarray) -> np.ndarray:
        missing = next(size for size in BATCH_SIZES if size >= len(part)) - len(part)
        if not missing:
            return run_bucket(part)
        nobody = np.zeros((missing, *part.shape[1:]), np.float32)
        return run_bucket(np.concatenate([part, nobody]))[: len(part)]

    return run_in_parts(batch, run_filled)


def run_in_parts(batch: np.ndarray, run_part: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """
    Run a batch of any size on an engine that takes up to the largest of BATCH_SIZES.

    :param batch: (N, height, width, channels) float32, N at least 1.
    :param run_part: runs up to so many.
    :return: (N, labels) float32.
    """
    most = BATCH_SIZES[-1]
    if len(batch) <= most:
        return run_part(batch)
    return np.concatenate([run_part(batch[start:][:most]) for start in range(0, len(batch), most)])
