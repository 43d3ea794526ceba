"""
Convolution and batch normalisation with few copies, for training in mixed precision.

On PyTorch, Keras's channels-last layers copy the data into another memory order and back around
each convolution.  Keras's layers also convert the data to float32 for batch normalisation.
Training of networks with few channels in bfloat16 mostly waits for these copies.

The layers here call PyTorch's own kernels on views.  The weights are those of Keras's layers, in
the same order.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers
from keras import ops


class FusedConv2D(layers.Conv2D):
    """A convolution without a bias that keeps the size."""

    def call(self, inputs: Any) -> Any:
        """
        Convolve the input.

        :param inputs: (N, height, width, channels) features.
        :return: (N, height, width, filters) features.
        """
        kernel = self.kernel.value.permute(3, 2, 0, 1)
        return _convolve(inputs, kernel, self.kernel_size[0] // 2, 1)


class FusedDepthwiseConv2D(layers.DepthwiseConv2D):
    """A depthwise convolution without a bias, with the configured padding."""

    def call(self, inputs: Any) -> Any:
        """
        Convolve the input.

        :param inputs: (N, height, width, channels) features.
        :return: (N, height / stride, width / stride, channels) features.
        """
        kernel = self.kernel.value.permute(2, 3, 0, 1)
        padding = self.kernel_size[0] // 2 if self.padding == 'same' else 0
        if not (self.trainable and inputs.device.type == 'cpu'):
            return _convolve(inputs, kernel, padding, len(kernel), self.strides[0])
        # Stride 1, then every other position: the gradient of a strided convolution in bfloat16
        # takes
        # oneDNN six to ten times as long (128 pictures of 26x26, 144 channels: 109 ms instead of
        # 17 ms).
        everywhere = _convolve(inputs, kernel, padding, len(kernel))
        return everywhere[:, :: self.strides[0], :: self.strides[1]].contiguous()


class FusedBatchNormalization(layers.BatchNormalization):
    """Batch normalisation over all axes except the last, with scale and centre."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """
        Normalise the input.

        :param inputs: (N, height, width, channels) features.
        :param training: whether to normalise by the statistics of the batch and update the moving
            statistics; if not, or if the layer is not trainable, the moving statistics are used.
        :param mask: None; pictures have no mask.
        :return: array of the same shape and type.
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
    A depthwise convolution as a sum of shifted pictures, compiled into one GPU kernel.

    XLA calls cuDNN for grouped convolutions, and cuDNN is slow if each group has one channel.
    """

    def call(self, inputs: Any) -> Any:
        """
        Convolve the input.

        :param inputs: (N, height, width, channels) features.
        :return: (N, height / stride, width / stride, channels) features.
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
    """Check whether JAX computes on a GPU."""
    import jax

    return jax.default_backend() == 'gpu'


def _convolve(inputs: Any, kernel: Any, padding: int, groups: int, stride: int = 1) -> Any:
    """Convolve (N, height, width, in) with (out, in / groups, height, width)."""
    from torch.nn import functional

    # The permuted view needs no copy, because PyTorch has channels-last as a memory format.
    picture = inputs.permute(0, 3, 1, 2)
    return functional.conv2d(picture, kernel, None, stride, padding, 1, groups).permute(0, 2, 3, 1)


def fused(layer: keras.Layer, options: dict[str, Any]) -> keras.Layer:
    """
    Recreate a layer, in the form that trains fastest on the engine in mixed precision.

    The layer stays Keras's own in float32, which measurement and export use, on TensorFlow, and on
    JAX
    without a GPU.

    :param layer: layer of Keras.
    :param options: options of the new layer, as in `get_config`.
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
