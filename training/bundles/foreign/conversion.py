"""Convert networks by TensorFlow and tf2onnx in a child process with limits."""

from __future__ import annotations

from collections.abc import Mapping
import json
import os
from pathlib import Path
import resource
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np

from fer_ros.perception.files import LARGEST_NETWORK
from fer_ros.perception.quoting import shortened

# In seconds. The conversion of a network of 2.3 M parameters takes 20 s.
TIME_LIMIT = 600
# Limit of the CPU time of the child [s], and of each file that it writes [bytes].
CPU_LIMIT, FILE_LIMIT = 600, 2 * LARGEST_NETWORK

# The opset of the files that tf2onnx writes from LiteRT's format.
OPSET = 13


class ConversionError(RuntimeError):
    """Raised if a network cannot be converted."""


def convert(
    request: Mapping[str, str], pictures: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """
    Convert or run a network in a child process.

    :param request: one of: 'saved_model', the folder to convert to 'tflite'; 'tflite', the file to
        convert to 'onnx'; 'run', the folder of a SavedModel to run on the pictures.
    :param pictures: (N, height, width, channels) float32, for 'run'.
    :return: arrays by name: 'tflite' or 'onnx' (uint8), or 'outputs' (N, labels) float32.
    :raises ConversionError: if the child fails, crashes, or exceeds a limit.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if pictures is not None:
            np.save(folder / 'pictures.npy', pictures)
        # The child imports the same modules as this process.
        path = os.pathsep.join(os.path.abspath(part) for part in sys.path)
        try:
            done = subprocess.run(
                [sys.executable, '-m', __name__, json.dumps(dict(request)), scratch],
                capture_output=True,
                text=True,
                errors='replace',
                timeout=TIME_LIMIT,
                check=False,
                cwd=scratch,
                env={**os.environ, 'PYTHONPATH': path, 'CUDA_VISIBLE_DEVICES': ''},
            )
        except subprocess.TimeoutExpired as error:
            raise ConversionError(f'the conversion took more than {TIME_LIMIT} s') from error
        answer = folder / 'answer.npz'
        if done.returncode or not answer.is_file():
            raise ConversionError(_reason(folder, done))
        with np.load(answer) as arrays:
            return dict(arrays)


def _reason(folder: Path, done: subprocess.CompletedProcess[str]) -> str:
    """Return the reason for which a child failed."""
    refusal = folder / 'refusal.txt'
    if refusal.is_file():
        return f'TensorFlow cannot convert it: {refusal.read_text(encoding="utf-8")}'
    how = f'signal {-done.returncode}' if done.returncode < 0 else f'status {done.returncode}'
    return f'TensorFlow cannot convert it: the child process ended with {how}'


def main(words: list[str]) -> int:
    """Answer the request, in the child process."""
    request, folder = json.loads(words[0]), Path(words[1])
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    try:
        answer = _answer(request, folder)
    except Exception as error:  # the converters raise exceptions of many types
        sentence = shortened(f'{type(error).__name__}: {error}')
        (folder / 'refusal.txt').write_text(sentence, encoding='utf-8')
        return 1
    np.savez(folder / 'answer.npz', **answer)
    return 0


def _answer(request: dict[str, str], folder: Path) -> dict[str, Any]:
    """Convert or run the network."""
    if 'tflite' in request:
        import tf2onnx

        made, _ = tf2onnx.convert.from_tflite(request['tflite'], opset=OPSET)
        return {'onnx': np.frombuffer(made.SerializeToString(), np.uint8)}
    import tensorflow

    if 'saved_model' in request:
        # Only LiteRT's own operators are allowed, so none reads or writes files.
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(request['saved_model'])
        return {'tflite': np.frombuffer(converter.convert(), np.uint8)}
    signature = tensorflow.saved_model.load(request['run']).signatures['serving_default']
    (name,) = signature.structured_input_signature[1]
    outputs = []
    for picture in np.load(folder / 'pictures.npy'):
        (output,) = signature(**{name: tensorflow.constant(picture[None])}).values()
        outputs.append(np.asarray(output, np.float32).reshape(-1))
    return {'outputs': np.stack(outputs)}


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
