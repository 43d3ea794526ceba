"""The back end with LiteRT, a small interpreter for the CPU that uses XNNPACK."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.base import run_in_fixed_parts
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
            self._element, self._in_scale = entry['dtype'], entry['quantization']
            # A network of a fixed batch size may contain this size in other places, too. Resized,
            # it fails or returns wrong numbers. A size of -1 means any number.
            self._fixed = max(int(entry.get('shape_signature', entry['shape'])[0]), 0)
            output = self._interpreter.get_output_details()[0]
            self._output, self._out_scale = output['index'], output['quantization']
            self._size = self._fixed
            if self._fixed:
                self._interpreter.allocate_tensors()
            else:
                self._resize(1)
            # XNNPACK has now packed the weights, and no longer reads the file.
            let_go_of_pages(path)
        except (RuntimeError, ValueError, IndexError) as error:
            raise BackendError(f'LiteRT cannot load {self._source}: {shortened(error)}') from error
        finally:
            os.close(descriptor)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Run the network; see Backend."""
        if self._fixed:
            return run_in_fixed_parts(batch, self._run_part, self._fixed)
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
            if not self._fixed:
                self._resize(len(batch))
            given = batch if self._element == np.float32 else self._quantize(batch)
            self._interpreter.set_tensor(self._input, given)
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            # After a failure, the batch size of the interpreter is unknown.
            self._size = 0
            raise BackendError(f'LiteRT cannot run {self._source}: {shortened(error)}') from error
        output: np.ndarray = self._interpreter.get_tensor(self._output)
        if output.dtype != np.float32:
            scale, zero = self._out_scale
            output = np.asarray((output.astype(np.float32) - zero) * (scale or 1), np.float32)
        # Some networks have further dimensions of size 1.
        return output if output.ndim == 2 else output.reshape(len(batch), -1)

    def _quantize(self, batch: np.ndarray) -> np.ndarray:
        """
        Convert a batch to the integers of a quantized input.

        :param batch: (N, height, width, channels) float32 input of the network.
        :return: the batch with the element type of the input.
        """
        if not np.issubdtype(self._element, np.integer):
            return np.asarray(batch, self._element)
        scale, zero = self._in_scale
        limits = np.iinfo(self._element)
        integers = np.rint(batch / np.float32(scale or 1)) + zero
        return np.asarray(np.clip(integers, limits.min, limits.max), self._element)
