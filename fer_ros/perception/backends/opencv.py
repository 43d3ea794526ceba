"""The back end with OpenCV's module dnn, which runs on the CPU and needs apt packages only."""

from __future__ import annotations

import cv2
import numpy as np

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.onnx_file import check_onnx
from fer_ros.perception.quoting import shortened

# Maximum difference between the output for a face in a batch and for the same face alone.
BATCH_TOLERANCE = 1e-4


class OpenCvBackend:
    """Run `model.onnx` with cv2.dnn."""

    name = 'opencv'
    device = 'CPU'
    kind = 'onnx'
    reason = 'as requested'

    def __init__(
        self, content: bytes, input_shape: tuple[int, int, int], source: object = 'the network'
    ) -> None:
        """
        Load a network, and check whether OpenCV can run it on several faces at once.

        :param content: content of the .onnx file.
        :param input_shape: (height, width, channels) of the network's input.
        :param source: path of the network or a similar description, for error messages.
        :raises BackendError: if OpenCV rejects the file.
        """
        self._source = shortened(source)
        try:
            check_onnx(content)
            self._network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
        except (cv2.error, ValueError) as error:
            raise BackendError(
                f'OpenCV {cv2.__version__} cannot load {self._source}: {shortened(error)}'
            ) from error
        # OpenCV 4.6 fails on a batch of four, and OpenCV 4.14 returns wrong numbers without an
        # error. Therefore the output for a batch is compared with the output for single images.
        # The images are noise, because a difference would appear with any image.
        self._batches = True
        noise = np.random.default_rng(0).random((4, *input_shape), np.float32)
        one_by_one = self._run_each(noise)
        try:
            together = self._forward(noise)
        except BackendError:
            together = np.empty(0, np.float32)
        self._batches = together.shape == one_by_one.shape and bool(
            np.allclose(together, one_by_one, atol=BATCH_TOLERANCE)
        )

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Run the network; see Backend."""
        return self._forward(batch) if self._batches else self._run_each(batch)

    def _run_each(self, batch: np.ndarray) -> np.ndarray:
        """Run the network on one crop after another."""
        return np.concatenate([self._forward(picture[None]) for picture in batch])

    def _forward(self, batch: np.ndarray) -> np.ndarray:
        """Run the network on the whole batch."""
        try:
            self._network.setInput(batch)
            return self._network.forward().reshape(len(batch), -1)
        except (cv2.error, ValueError) as error:
            raise BackendError(
                f'OpenCV {cv2.__version__} cannot run {self._source}: {shortened(error)}'
            ) from error
