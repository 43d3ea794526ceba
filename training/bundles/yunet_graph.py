"""
Write the graph of YuNet for LiteRT, without its weights: `python -m training yunet_graph`.

The weights are OpenCV's, in an ONNX file that LiteRT cannot read and this package does not ship.
In the graph, a number in place of each weight identifies the array that belongs there.
`fer_ros.perception.detection.yunet_litert` replaces these numbers with the weights of the ONNX
file.
This module needs TensorFlow, and runs again only when the graph changes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
from keras import layers
import numpy as np

from fer_ros.perception.detection.yunet_litert import GRAPH
from fer_ros.perception.detection.yunet_litert import marker
from fer_ros.perception.detection.yunet_litert import POINTS

# Output channels of each pair of convolutions, in the order of the ONNX file; 'half' halves the
# side of the feature map.  After these pairs, three pairs of convolutions merge the coarse feature
# maps into the fine feature maps.
_FIRST = 16
_BODY = (16, 'half', 16, 32, 32, 64, 'half', 64, 64, 'half', 64, 64, 'half', 64, 64)


class _Marked:
    """Creates layers whose weights are markers, with a different marker for each array."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, layer: keras.Layer, x: keras.KerasTensor) -> keras.KerasTensor:
        y = layer(x)
        arrays = []
        for weight in layer.weights:
            arrays.append(np.full(weight.shape, marker(self._count), np.float32))
            self._count += 1
        layer.set_weights(arrays)
        return y


def build() -> keras.Model:
    """
    Build the YuNet network with markers in place of the weights.

    The ONNX file has four small parallel convolutions, one for each kind of output.  This network
    has one convolution for all kinds of output, which computes the same sums in fewer passes over
    the features.

    :return: model that maps (1, H, W, 3) BGR, 0 to 255, H and W multiples of 32, to one
        (1, h, w, 16) array for each of the strides 8, 16 and 32.  Each position has the logits of
        a
        face and of an object, the box and five points, as `yunet_litert.decode` reads them.
    """
    marked = _Marked()

    def pair(
        x: keras.KerasTensor, channels: int, activation: str | None = 'relu'
    ) -> keras.KerasTensor:
        x = marked(layers.Conv2D(channels, 1), x)
        return marked(layers.DepthwiseConv2D(3, padding='same', activation=activation), x)

    image = keras.Input((None, None, 3), batch_size=1)
    # ONNX pads one pixel on each side; TensorFlow's own padding adds one at the end only.
    x = layers.ZeroPadding2D(1)(image)
    x = marked(layers.Conv2D(_FIRST, 3, 2, activation='relu'), x)
    levels = []
    for step in _BODY:
        if isinstance(step, str):
            levels.append(x)
            x = layers.MaxPooling2D(2)(x)
        else:
            x = pair(x, step)
    fine, middle, coarse = levels[2], levels[3], x
    coarse = pair(coarse, 64)
    middle = pair(layers.Add()([middle, _Enlarged()(coarse)]), 64)
    fine = pair(layers.Add()([fine, _Enlarged()(middle)]), 64)
    told = [pair(x, POINTS.stop, None) for x in (fine, middle, coarse)]
    return keras.Model(image, told)


class _Enlarged(layers.Layer):
    """Repeats each pixel twice in both directions, with an operation that XNNPACK implements."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """
        Enlarge the features.

        :param x: (N, H, W, C) features.
        :return: (N, 2 H, 2 W, C) features.
        """
        import tensorflow

        return tensorflow.nn.depth_to_space(keras.ops.concatenate([x] * 4, axis=-1), 2)


def write_graph() -> Path:
    """
    Write the graph into the package `fer_ros`.

    :return: path of the file.
    """
    import tensorflow

    GRAPH.write_bytes(tensorflow.lite.TFLiteConverter.from_keras_model(build()).convert())
    return GRAPH


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments, because the command `yunet_graph` has none."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command `yunet_graph`."""
    path = write_graph()
    print(f'{path}: {path.stat().st_size} bytes')
    return 0
