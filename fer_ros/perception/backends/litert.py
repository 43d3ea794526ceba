"""The back end with LiteRT, a small interpreter for the CPU that uses XNNPACK."""

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
    Import LiteRT's interpreter from ai_edge_litert, or else from tflite_runtime.

    :return: the class of the interpreter.
    :raises BackendError: if neither package is installed.
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
    """Write a network to a file without a name, and return the file descriptor."""
    try:
        return anonymous_file(content)
    except OSError as error:
        raise BackendError(f'cannot copy the network: {error.strerror}') from error


class LiteRtBackend:
    """Run `model.tflite` on the CPU."""

    name = 'litert'
    device = 'CPU'
    kind = 'tflite'
    reason = 'as set by the parameter backend'

    def __init__(self, content: bytes, source: object = 'the network', threads: int = 1) -> None:
        """
        Load a network.

        :param content: content of the .tflite file.
        :param source: path of the network or a similar description, for error messages.
        :param threads: number of CPU threads. At the rate of a camera, a second thread sleeps
            between images, and its wake-up takes longer than it saves. A face takes 1.4 ms with
            one thread and 1.8 ms with two. Two threads are not faster for eight faces with a
            smaller network either (2 cores of an AMD EPYC).
        :raises BackendError: if LiteRT is not installed or rejects the file.
        """
        make = import_interpreter()
        self._source = shortened(source)
        # If LiteRT gets a path, it maps the file. If it gets bytes, it keeps them in memory in
        # addition to its packed copy of the weights. The mapped file has no name, so that no other
        # process can truncate it: access to a truncated mapping ends a process with SIGBUS.
        descriptor = _private_file(content)
        try:
            path = Path(f'/proc/self/fd/{descriptor}')
            self._interpreter = make(model_path=str(path), num_threads=threads)
            entry = self._interpreter.get_input_details()[0]
            self._input, self._shape = entry['index'], tuple(entry['shape'][1:])
            self._output = self._interpreter.get_output_details()[0]['index']
            self._size = 0
            self._resize(1)
            # XNNPACK has now packed the weights, and no longer reads the file.
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
        Prepare the interpreter for a batch size.

        This takes microseconds, because XNNPACK keeps its packed weights and the memory of the
        largest batch so far. With one interpreter for each batch size, each interpreter would need
        twice the size of the weights.
        """
        if size != self._size:
            self._interpreter.resize_tensor_input(self._input, (size, *self._shape), strict=False)
            self._interpreter.allocate_tensors()
            self._size = size

    def _run_part(self, batch: np.ndarray) -> np.ndarray:
        """Run a batch of at most the largest of BATCH_SIZES."""
        try:
            self._resize(len(batch))
            self._interpreter.set_tensor(self._input, batch)
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            # After a failure, the batch size of the interpreter is unknown.
            self._size = 0
            raise BackendError(f'LiteRT cannot run {self._source}: {shortened(error)}') from error
        output: np.ndarray = self._interpreter.get_tensor(self._output)
        return output
