"""LiteRT: a small interpreter for the CPU, with XNNPACK's kernels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.base import run_in_parts
from fer_ros.perception.backends.litert_start import start_silently
from fer_ros.perception.backends.mapped_file import let_go_of_pages
from fer_ros.perception.files import anonymous_file
from fer_ros.perception.quoting import shortened


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
    start_silently(Interpreter)
    return Interpreter


def _private_file(content: bytes) -> int:
    """Make a file without a name of a network, and return its descriptor."""
    try:
        return anonymous_file(content)
    except OSError as error:
        raise BackendError(f'cannot copy the network: {error.strerror}') from error


class LiteRtBackend:
    """Runs `model.tflite` on the CPU."""

    name = 'litert'
    device = 'CPU'
    kind = 'tflite'
    reason = 'as requested'

    def __init__(self, content: bytes, source: object = 'the network', threads: int = 1) -> None:
        """
        Load a network.

        :param content: of the .tflite file.
        :param source: where it is from, for messages.
        :param threads: of the CPU. At a camera's rate a second one sleeps when the next image
            comes, and waking it takes longer than it saves: 1.4 ms a face with one, 1.8 ms with
            two, and no less with eight faces of a smaller network (2 cores of an AMD EPYC).
        :raises BackendError: if LiteRT is not installed or refuses the file.
        """
        make = import_interpreter()
        self._source = shortened(source)
        # LiteRT maps a file, but keeps bytes in memory beside its packed copy of the weights. The
        # mapped file is a copy without a name, because shortening a mapped file would end the
        # process by SIGBUS.
        descriptor = _private_file(content)
        try:
            path = Path(f'/proc/self/fd/{descriptor}')
            self._interpreter = make(model_path=str(path), num_threads=threads)
            entry = self._interpreter.get_input_details()[0]
            self._input, self._shape = entry['index'], tuple(entry['shape'][1:])
            self._output = self._interpreter.get_output_details()[0]['index']
            self._size = 0
            self._resize(1)
            # XNNPACK has packed the weights by now, and reads no more from the file.
            let_go_of_pages(path)
        except (RuntimeError, ValueError, IndexError) as error:
            raise BackendError(f'LiteRT cannot load {self._source}: {shortened(error)}') from error
        finally:
            os.close(descriptor)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Run the network; see Backend."""
        return run_in_parts(batch, self._run_part)

    def _resize(self, size: int) -> None:
        """
        Prepare for a number of faces.

        XNNPACK keeps the weights as it has packed them, and memory for the most faces so far, so
        that this takes microseconds. An interpreter for each number would take the weights' size
        twice over, each.
        """
        if size != self._size:
            self._interpreter.resize_tensor_input(self._input, (size, *self._shape), strict=False)
            self._interpreter.allocate_tensors()
            self._size = size

    def _run_part(self, batch: np.ndarray) -> np.ndarray:
        """Run a batch that is not too large."""
        try:
            self._resize(len(batch))
            self._interpreter.set_tensor(self._input, batch)
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            # The failed interpreter may be prepared for any size.
            self._size = 0
            raise BackendError(f'LiteRT cannot run {self._source}: {shortened(error)}') from error
        return self._interpreter.get_tensor(self._output)
