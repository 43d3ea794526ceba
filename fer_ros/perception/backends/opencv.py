"""OpenCV's own networks: the CPU, with nothing but apt packages."""

from __future__ import annotations

import cv2
import numpy as np

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.quoting import shortened

# A batch is trusted when each row is within this of the same picture alone.
BATCH_TOLERANCE = 1e-4


class OpenCvBackend:
    """Runs `model.onnx` with cv2.dnn."""

    name = 'opencv'
    device = 'CPU'
    kind = 'onnx'
    reason = 'as requested'

    def __init__(
        self, content: bytes, input_shape: tuple[int, int, int], source: object = 'the network'
    ) -> None:
        """
        Load a network, and find out whether it can run several faces at once.

        :param content: of the .onnx file.
        :param input_shape: (height, width, channels).
        :param source: where it is from, for messages.
        :raises BackendError: if OpenCV refuses the file.
        """
        self._source = shortened(source)
        try:
            self._network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
        except (cv2.error, ValueError) as error:
            raise BackendError(
                f'OpenCV {cv2.__version__} cannot load {self._source}: {shortened(error)}'
            ) from error
        # OpenCV 4.6 fails on a batch of four and 4.14 returns wrong numbers without a word, so the
        # network itself is asked, on noise: any picture shows a difference.
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
        """Run the network picture by picture."""
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
