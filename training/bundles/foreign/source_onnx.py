"""Read a network in the format ONNX, and adapt its input to that of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.perception.backends.onnx_file import check_onnx
from fer_ros.perception.backends.onnx_file import OnnxFileError
from fer_ros.perception.backends.onnxruntime import import_onnxruntime
from training.bundles.foreign.description import find_layout
from training.bundles.foreign.description import Given
from training.bundles.foreign.description import ImportRefusedError
from training.bundles.foreign.description import Layout
from training.bundles.foreign.description import NCHW
from training.bundles.foreign.description import Scaling


class OnnxSource:
    """A network in an ONNX file, with the input that its file has."""

    form = 'onnx'
    range_found: tuple[float, float] | None = None

    def __init__(self, content: bytes, given: Given) -> None:
        """
        Read the file.

        :param content: content of the ONNX file.
        :param given: what the user states.
        :raises ImportRefusedError: if the file is not a network with one picture as its input.
        """
        import onnx

        try:
            check_onnx(content)
            self._model = onnx.load_model_from_string(content)
        except OnnxFileError as error:
            raise ImportRefusedError(str(error)) from error
        except Exception as error:  # protocol buffers raise errors of many types
            raise ImportRefusedError(f'the file is not an ONNX network: {error}') from error
        self._content = content
        graph = self._model.graph
        weights = {array.name for array in graph.initializer}
        inputs = [one for one in graph.input if one.name not in weights]
        if len(inputs) != 1 or len(graph.output) != 1:
            names = ', '.join(one.name for one in (*inputs, *graph.output))
            raise ImportRefusedError(
                f'the network has {len(inputs)} inputs and {len(graph.output)} outputs ({names}), '
                'but must have one of each; export only the classifier'
            )
        (self._input,), self._element = inputs, inputs[0].type.tensor_type.elem_type
        if self._element != onnx.TensorProto.FLOAT:
            raise ImportRefusedError(
                'the input of the network is not float32; export the network with float32'
            )
        sizes = self._input.type.tensor_type.shape.dim
        shape = [one.dim_value if one.HasField('dim_value') else None for one in sizes]
        # Some exporters write 0 or -1 for any size.
        known = [size if size is not None and size > 0 else None for size in shape]
        self.batch = known[0] if known else None
        self.layout: Layout = find_layout(known, given)

    def run(self, pictures: np.ndarray) -> np.ndarray:
        """
        Run the network of the file on one picture after another, in the layout of the file.

        :param pictures: (N, height, width, channels) float32, the values that the network expects.
        :return: (N, labels) float32 outputs of the network.
        """
        runtime = import_onnxruntime()
        try:
            session = runtime.InferenceSession(self._content, providers=['CPUExecutionProvider'])
            if self.layout.order == NCHW:
                pictures = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))
            count = self.batch or 1
            outputs = [
                session.run(None, {self._input.name: np.repeat(picture[None], count, axis=0)})[0]
                for picture in pictures
            ]
            return np.stack([output.reshape(count, -1)[0] for output in outputs])
        except Exception as error:  # ONNX Runtime has an exception type for each status
            raise ImportRefusedError(f'ONNX Runtime cannot run the network: {error}') from error

    def forms(self, scaling: Scaling, folder: Path) -> tuple[dict[str, bytes], dict[str, str]]:
        """
        Adapt the network to the input of a bundle: channels last, and values in one range.

        :param scaling: how pixels become input values.
        :param folder: not used.
        :return: content of the file by the name of its format, and for each format that could not
            be made the reason.
        """
        made = adapted(self._model, self._input.name, self.layout, scaling, self.batch)
        return {'onnx': made}, {
            'keras': 'a network in ONNX cannot be converted to Keras',
            'tflite': 'a network in ONNX cannot be converted to LiteRT here; convert it with '
            'another tool, for example onnx2tf, and import the .tflite file',
        }

    def with_batch_of_one(self, scaling: Scaling) -> bytes:
        """Return the adapted network for one picture at a time."""
        return adapted(self._model, self._input.name, self.layout, scaling, 1)


def adapted(model: Any, name: str, layout: Layout, scaling: Scaling, batch: int | None) -> bytes:
    """
    Put a transposition and a scaling before the first node of a network.

    :param model: the network; it is not changed.
    :param name: name of its input.
    :param layout: layout of its input.
    :param scaling: how pixels become input values.
    :param batch: batch size of the new input; None for any.
    :return: content of the new file.
    """
    import onnx
    from onnx import helper
    from onnx import numpy_helper

    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    shape = [batch or 'N', layout.height, layout.width, layout.channels]
    for one in graph.input:
        if one.name == name:
            one.CopyFrom(
                helper.make_tensor_value_info('fer_ros_image', onnx.TensorProto.FLOAT, shape)
            )
    if batch != _batch_of(model, name):
        # Sizes that were inferred for another batch size would contradict the new one.
        del graph.value_info[:]
        for output in graph.output:
            # OpenCV needs the shape of the output.
            sizes = output.type.tensor_type.shape.dim
            if sizes:
                sizes[0].dim_value = batch or 1
    nodes, last = [], 'fer_ros_image'

    def then(operator: str, *inputs: str, **attributes: Any) -> None:
        nonlocal last
        made = f'fer_ros_{operator.lower()}'
        nodes.append(helper.make_node(operator, [last, *inputs], [made], **attributes))
        last = made

    if scaling.factors:
        for operator, key, values in (
            ('Mul', 'fer_ros_factors', scaling.factors),
            ('Add', 'fer_ros_offsets', scaling.offsets),
        ):
            graph.initializer.append(numpy_helper.from_array(np.array(values, np.float32), key))
            then(operator, key)
    if layout.order == NCHW:
        then('Transpose', perm=[0, 3, 1, 2])
    nodes.append(helper.make_node('Identity', [last], [name]))
    former = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *former])
    return changed.SerializeToString()


def _batch_of(model: Any, name: str) -> int | None:
    """Return the batch size of an input; None for any."""
    for one in model.graph.input:
        if one.name == name:
            first = one.type.tensor_type.shape.dim[0]
            return first.dim_value if first.HasField('dim_value') and first.dim_value > 0 else None
    return None
