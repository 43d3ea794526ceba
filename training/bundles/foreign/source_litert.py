"""Read a network in LiteRT's format, or a SavedModel that is converted to this format."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends.litert import import_interpreter
from fer_ros.perception.backends.litert import LiteRtBackend
from training.bundles.foreign.conversion import ConversionError
from training.bundles.foreign.conversion import convert
from training.bundles.foreign.description import find_layout
from training.bundles.foreign.description import Given
from training.bundles.foreign.description import ImportRefusedError
from training.bundles.foreign.description import Layout
from training.bundles.foreign.description import NCHW
from training.bundles.foreign.description import Scaling

NO_KERAS = 'only Keras itself can write its format'


class LiteRtSource:
    """A network in a `.tflite` file."""

    form = 'tflite'
    range_found: tuple[float, float] | None = None

    def __init__(self, content: bytes, given: Given, saved_model: Path | None = None) -> None:
        """
        Read the file.

        :param content: content of the LiteRT file.
        :param given: what the user states.
        :param saved_model: folder of the SavedModel from which the file was converted, or None.
        :raises ImportRefusedError: if the file is not a network with one picture as its input.
        """
        self._content, self._saved_model = content, saved_model
        try:
            interpreter = import_interpreter()(model_content=content, num_threads=1)
            inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
            self._backend = LiteRtBackend(content)
        except (BackendError, RuntimeError, ValueError) as error:
            raise ImportRefusedError(f'LiteRT cannot load the network: {error}') from error
        if len(inputs) != 1 or len(outputs) != 1:
            raise ImportRefusedError(
                f'the network has {len(inputs)} inputs and {len(outputs)} outputs, but must have '
                'one of each'
            )
        signature = inputs[0].get('shape_signature', inputs[0]['shape'])
        shape = [int(size) if size > 0 else None for size in signature]
        self.batch = shape[0] if shape else None
        self.layout: Layout = find_layout(shape, given)
        if self.layout.order == NCHW or None in shape[1:]:
            raise ImportRefusedError(
                'a .tflite file must have a fixed side and the channels last, because its input '
                'cannot be changed; convert the original network again, or import it instead'
            )

    def run(self, pictures: np.ndarray) -> np.ndarray:
        """Run the network; see `OnnxSource.run`."""
        if self._saved_model is not None:
            return convert({'run': str(self._saved_model)}, pictures=pictures)['outputs']
        return np.concatenate([self._backend.run(picture[None]) for picture in pictures])

    def forms(self, scaling: Scaling, folder: Path) -> tuple[dict[str, bytes], dict[str, str]]:
        """Convert the network to ONNX as well; see `OnnxSource.forms`."""
        if scaling.factors:
            raise ImportRefusedError(
                '--mean and --std differ between the channels, which cannot be added to this '
                'network; import the network in another format, or state one value for all '
                'channels'
            )
        path = folder / 'network.tflite'
        path.write_bytes(self._content)
        made, refused = {'tflite': self._content}, {'keras': NO_KERAS}
        try:
            made['onnx'] = convert({'tflite': str(path)})['onnx'].tobytes()
        except ConversionError as error:
            refused['onnx'] = str(error)
        return made, refused


def read_saved_model(folder: Path, given: Given) -> LiteRtSource:
    """
    Convert a SavedModel of TensorFlow.

    :param folder: folder with `saved_model.pb`.
    :param given: what the user states.
    :return: the converted network; its `run` runs the SavedModel itself.
    :raises ImportRefusedError: if TensorFlow cannot convert it.
    """
    try:
        content = convert({'saved_model': str(folder.resolve())})['tflite'].tobytes()
    except ConversionError as error:
        raise ImportRefusedError(str(error)) from error
    return LiteRtSource(content, given, folder.resolve())
