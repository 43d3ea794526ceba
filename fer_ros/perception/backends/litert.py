"""LiteRT: a small interpreter for the CPU, with XNNPACK's kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.base import run_in_buckets


def import_interpreter() -> Any:
    """
    Import LiteRT's interpreter by whichever name it is installed.

    :return: the class.
    :raises BackendError: if it is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        try:
            from tflite_runtime.interpreter import Interpreter
        except ImportError:
            raise BackendError(
                f'LiteRT cannot be imported ({error}); install it with: pip install ai-edge-litert'
            ) from error
    return Interpreter


class LiteRtBackend:
    """Runs `model.tflite` on the CPU."""

    name = 'litert'
    device = 'CPU'
    kind = 'tflite'
    reason = 'as asked for'

    def __init__(self, path: Path, threads: int = 1) -> None:
        """
        Load a network.

        :param path: of the .tflite file.
        :param threads: of the CPU; a small network on one face is fastest on one.
        :raises BackendError: if LiteRT is not installed or refuses the file.
        """
        self._make = import_interpreter()
        self._path = path
        self._threads = threads
        # An interpreter for each size of batch: resizing one plans its memory anew.
        self._interpreters: dict[int, Any] = {}
        self._interpreter(1)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Run the network; see Backend."""
        return run_in_buckets(batch, self._run_bucket)

    def _interpreter(self, size: int) -> Any:
        """Give the interpreter for a size of batch."""
        if size not in self._interpreters:
            try:
                made = self._make(model_path=str(self._path), num_threads=self._threads)
                entry = made.get_input_details()[0]
                shape = (size, *entry['shape'][1:])
                if tuple(entry['shape']) != shape:
                    made.resize_tensor_input(entry['index'], shape, strict=False)
                made.allocate_tensors()
            except (RuntimeError, ValueError) as error:
                raise BackendError(f'LiteRT refuses {self._path}: {error}') from error
            self._interpreters[size] = made
        return self._interpreters[size]

    def _run_bucket(self, batch: np.ndarray) -> np.ndarray:
        """Run a batch of one of the sizes."""
        interpreter = self._interpreter(len(batch))
        try:
            interpreter.set_tensor(interpreter.get_input_details()[0]['index'], batch)
            interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise BackendError(f'LiteRT fails on {self._path}: {error}') from error
        return interpreter.get_tensor(interpreter.get_output_details()[0]['index'])
