"""
Convolution and batch normalisation that an engine computes without detours.

Keras's layers of channels last copy a picture into another order and back around each
convolution on PyTorch, and make float32 of it for batch normalisation.  Networks of thin layers,
trained in bfloat16, mostly wait for that.  These do the same by PyTorch's own kernels on views;
their weights are those of Keras's layers, in the same order.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers
from keras import ops


class FusedConv2D(layers.Conv2D):
    """A convolution without a bias, that keeps the size."""

    def call(self, inputs: Any) -> Any:
        """
        Convolve.

        :param inputs: (N, height, width, channels).
        :return: (N, height, width, filters).
        """
        kernel = self.kernel.value.permute(3, 2, 0, 1)
        return _convolve(inputs, kernel, self.kernel_size[0] // 2, 1)


class FusedDepthwiseConv2D(layers.DepthwiseConv2D):
    """A convolution of each channel by itself, without a bias, in the padding it is told."""

    def call(self, inputs: Any) -> Any:
        """
        Convolve.

        :param inputs: (N, height, width, channels).
        :return: (N, height / stride, width / stride, channels).
        """
        kernel = self.kernel.value.permute(2, 3, 0, 1)
        padding = self.kernel_size[0] // 2 if self.padding == 'same' else 0
        if not (self.trainable and inputs.device.type == 'cpu'):
            return _convolve(inputs, kernel, padding, len(kernel), self.strides[0])
        # All places, and every other one taken: oneDNN's gradient of a stride in bfloat16 takes
        # six to ten times as long (128 pictures of 26x26, 144 channels: 109 ms, and so 17).
        everywhere = _convolve(inputs, kernel, padding, len(kernel))
        return everywhere[:, :: self.strides[0], :: self.strides[1]].contiguous()


class FusedBatchNormalization(layers.BatchNormalization):
    """Batch normalisation over all axes but the last, with scale and centre."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """
        Normalise.

        :param inputs: (N, height, width, channels).
        :param training: by the batch itself, and take its statistics in; else by what was
            taken in.  A layer that is not trainable never looks at the batch.
        :param mask: None, as pictures have none.
        :return: of the same shape and type.
        """
        from torch.nn import functional

        return functional.batch_norm(
            inputs.permute(0, 3, 1, 2),
            self.moving_mean.value,
            self.moving_variance.value,
            self.gamma.value,
            self.beta.value,
            bool(training) and self.trainable,
            1 - self.momentum,
            self.epsilon,
        ).permute(0, 2, 3, 1)


class ShiftedDepthwiseConv2D(layers.DepthwiseConv2D):
    """
    A convolution of each channel by itself, as a sum of shifted pictures, in one kernel of a GPU.

    cuDNN, which XLA calls for a convolution in groups, is slow where each group is one channel.
    """

    def call(self, inputs: Any) -> Any:
        """
        Convolve.

        :param inputs: (N, height, width, channels).
        :return: (N, height / stride, width / stride, channels).
        """
        side, stride = self.kernel_size[0], self.strides[0]
        kernel = ops.cast(self.kernel, inputs.dtype)
        if self.padding == 'same':
            margin = (side // 2, side // 2)
            inputs = ops.pad(inputs, ((0, 0), margin, margin, (0, 0)))
        rows, columns = (
            [slice(first, extent - side + first + 1, stride) for first in range(side)]
            for extent in inputs.shape[1:3]
        )
        shifted = [
            inputs[:, rows[row], columns[column]] * kernel[row, column, :, 0]
            for row in range(side)
            for column in range(side)
        ]
        return sum(shifted[1:], shifted[0])


def _on_gpu() -> bool:
    """Tell whether JAX computes on a GPU."""
    import jax

    return jax.default_backend() == 'gpu'


def _convolve(inputs: Any, kernel: Any, padding: int, groups: int, stride: int = 1) -> Any:
    """Convolve (N, height, width, in) with (out, in / groups, height, width)."""
    from torch.nn import functional

    # A view: PyTorch knows channels that lie innermost as its channels-last format.
    picture = inputs.permute(0, 3, 1, 2)
    return functional.conv2d(picture, kernel, None, stride, padding, 1, groups).permute(0, 2, 3, 1)


def fused(layer: keras.Layer, options: dict[str, Any]) -> keras.Layer:
    """
    Make a layer anew, for training in mixed precision by kernels that suit the engine.

    In float32, in which networks are measured and exported, on TensorFlow, and on JAX without a
    GPU it is Keras's.

    :param layer: of Keras.
    :param options: of the new one.
    :return: the new layer.
    """
    mixed = keras.config.dtype_policy().compute_dtype != 'float32'
    engine = keras.backend.backend()
    if mixed and engine == 'jax' and isinstance(layer, layers.DepthwiseConv2D) and _on_gpu():
        return ShiftedDepthwiseConv2D.from_config(options)
    if not (mixed and engine == 'torch'):
        return type(layer).from_config(options)
    keeps_size = options.get('padding') == 'same' and tuple(options['strides']) == (1, 1)
    if isinstance(layer, layers.BatchNormalization):
        return FusedBatchNormalization.from_config(options)
    if isinstance(layer, layers.DepthwiseConv2D) and (keeps_size or options['padding'] == 'valid'):
        return FusedDepthwiseConv2D.from_config(options)
    if isinstance(layer, layers.Conv2D) and keeps_size and not options['use_bias']:
        return FusedConv2D.from_config(options)
    return type(layer).from_config(options)
