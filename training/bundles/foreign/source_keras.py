"""Read a network of Keras, from a `.keras` or an `.h5` file."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.perception.backends.keras_archive import ArchiveError
from fer_ros.perception.backends.keras_archive import check_archive
from fer_ros.perception.backends.keras_archive import check_h5
from fer_ros.perception.files import private_copy
from fer_ros.perception.quoting import shortened
from training.bundles.export import FILE_NAMES
from training.bundles.export import write_form
from training.bundles.foreign.description import find_layout
from training.bundles.foreign.description import Given
from training.bundles.foreign.description import ImportRefusedError
from training.bundles.foreign.description import Layout
from training.bundles.foreign.description import NCHW
from training.bundles.foreign.description import Scaling

H5_SUFFIXES = ('.h5', '.hdf5')


class KerasSource:
    """A network of Keras, loaded into this process without code from its file."""

    form = 'keras'
    batch = None

    def __init__(self, content: bytes, suffix: str, given: Given) -> None:
        """
        Load the network from a Keras file.

        :param content: content of the Keras file.
        :param suffix: file name extension: '.keras', '.h5' or '.hdf5'.
        :param given: properties of the network that the user states.
        :raises ImportRefusedError: if the file may run code, has no network, or its network has
            no picture as its input.
        """
        import keras

        try:
            (check_h5 if suffix in H5_SUFFIXES else check_archive)(content)
            with private_copy(content, f'network{suffix}') as path:
                self._model: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
        except ArchiveError as error:
            raise ImportRefusedError(str(error)) from error
        except Exception as error:  # Keras passes on exceptions of many types for a broken file
            raise ImportRefusedError(
                f'Keras {keras.__version__} cannot load the network: {shortened(error)}'
            ) from error
        shape = self._single(self._model)
        self.layout: Layout = find_layout(shape, given)
        if self.layout.order == NCHW:
            raise ImportRefusedError(
                'the network has the channels first, which TensorFlow does not run on a CPU; '
                'save it with the channels last'
            )
        if None in shape[1:]:
            image = keras.Input((self.layout.height, self.layout.width, self.layout.channels))
            self._model = keras.Model(image, self._model(image))
        self.range_found = _range_of(self._model)

    def _single(self, model: Any) -> list[int | None]:
        """Return the shape of the only input."""
        try:
            shape, output = model.input_shape, model.output_shape
        except (AttributeError, ValueError) as error:
            raise ImportRefusedError(
                'the network has no input shape; call it once with a picture before it is saved'
            ) from error
        if isinstance(shape, (dict, list)) or isinstance(output, (dict, list)):
            raise ImportRefusedError(
                'the network has several inputs or outputs; save a network with one of each'
            )
        return list(shape)

    def run(self, pictures: np.ndarray) -> np.ndarray:
        """Run the network; see `OnnxSource.run`."""
        output = np.asarray(self._model.predict(pictures, verbose=0), np.float32)
        return output.reshape(len(pictures), -1)

    def forms(self, scaling: Scaling, folder: Path) -> tuple[dict[str, bytes], dict[str, str]]:
        """Write the network in all formats; see `OnnxSource.forms`."""
        import keras

        model = self._model
        if scaling.factors:
            image = keras.Input((self.layout.height, self.layout.width, self.layout.channels))
            scaled = keras.layers.Rescaling(list(scaling.factors), list(scaling.offsets))(image)
            model = keras.Model(image, model(scaled))
        # Keras exports a trace, which a model has only after its first call.
        model(np.zeros((1, *model.input_shape[1:]), np.float32))
        made, refused = {}, {}
        for kind, name in FILE_NAMES.items():
            try:
                # The converters print each step.
                with contextlib.redirect_stdout(None):
                    write_form(model, kind, folder / name)
                made[kind] = (folder / name).read_bytes()
            except Exception as error:  # each converter has its own exception types
                refused[kind] = f'Keras cannot export it: {shortened(error)}'
        return made, refused


def _range_of(model: Any) -> tuple[float, float] | None:
    """Return the range of the pixels if the network itself begins with a scaling of pixels."""
    import keras

    layers = [
        layer
        for layer in getattr(model, 'layers', ())
        if not isinstance(layer, keras.layers.InputLayer)
    ]
    first = layers[0] if layers else None
    scale = getattr(first, 'scale', None) if isinstance(first, keras.layers.Rescaling) else None
    # Scales such as 1/255 and 1/127.5 are for pixels of 0 to 255.
    if isinstance(scale, (int, float)) and 0 < scale <= 1 / 64:
        return 0.0, 255.0
    return None
