"""
MobileNetV2 for small gray faces, initialised with weights of ImageNet.

Sandler et al. 2018, arXiv:1801.04381.  A face of FER2013 has 48x48 pixels, and MobileNetV2 halves
the side five times.  The picture is therefore enlarged to twice its side first.  The enlargement
keeps more detail in the last features, and suits the kernels that were trained on ImageNet better.

Bilinear enlargement followed by a convolution with stride 2 equals a convolution of the small
picture with stride 1.  The enlargement therefore costs nothing: the kernels of the first layer are
folded once, when they are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace

import keras
from keras import layers
import numpy as np

from training.networks.parts.backbones import as_torchvision_has_it
from training.networks.parts.backbones import backbone
from training.networks.parts.backbones import TORCHVISION_DEVIATION
from training.networks.parts.backbones import TORCHVISION_MEAN
from training.networks.parts.beginnings import begin_from
from training.networks.parts.beginnings import read_networks
from training.networks.parts.beginnings import take_heads
from training.networks.parts.fused import fused
from training.networks.parts.layer_lists import logits_of

# Weights of bilinear enlargement under the first kernel.  Rows: the pixels i-1, i, i+1 of the
# small picture.  Columns: the three pixels of the enlarged picture under the kernel.
# torchvision pads before and after, so these are 2i-1, 2i, 2i+1; in Keras they are 2i, 2i+1, 2i+2.
_FOLD_TORCHVISION = np.array([[0.75, 0.25, 0], [0.25, 0.75, 0.75], [0, 0, 0.25]])
_FOLD_KERAS = np.array([[0.25, 0, 0], [0.75, 0.75, 0.25], [0, 0.25, 0.75]])

# Number of inverted residual blocks of MobileNetV2.
BLOCKS = 17

# The last block that halves the side.
_LAST_HALVING = 'block_13'

# Layers whose padding or stride depends on the output stride; their weights do not.
_LAST_STRIDE = (f'{_LAST_HALVING}_pad', f'{_LAST_HALVING}_depthwise')

# Layers that replace the left-out end of a shortened network.
_TOP = ('top', 'top_bn', 'top_relu')

# The required origin of a `.keras` file of initial weights, for error messages.
_KIND = "this network, begun from torchvision's weights"

# Channels of the last convolution of a shortened network.
_TOP_WIDTH = 384

# Momentum of batch normalisation.  The default of Keras, 0.999, suits the many steps of ImageNet.
MOMENTUM = 0.99


@dataclass(frozen=True)
class MobileNetwork:
    """
    MobileNetV2 with logits for each head, as the `build` of a recipe.

    :param name: name of the model.
    :param dropout: dropout rate before the heads.
    :param frozen_blocks: number of first blocks that keep their initial weights, together with all
        layers before them.  The first blocks process the most pixels and take the most time to
        train.
    :param blocks: number of first blocks to keep, at most 17.  With fewer blocks, one layer with
        random weights replaces the rest.  The late blocks hold most parameters; the early blocks
        hold the edges and shapes learned from ImageNet.
    :param output_stride: factor by which the last features are smaller than the enlarged picture:
        32, or 16, which omits the last halving.  With 16, a face of 48x48 pixels has 6x6 features
        instead of 3x3 from the same weights (the last stride in Luo et al. 2019,
        arXiv:1903.07071).
    :param weights: initial weights, or None: those of ImageNet as in `backbones.backbone`, or one
        or
        more `.keras` files of such networks, separated by commas.  The body comes from the first
        file, and each head from the file that has it.  Other heads have random weights.
    :param load: whether to read the weights; if not, the same network has random weights.
    """

    name: str
    dropout: float
    frozen_blocks: int
    blocks: int = BLOCKS
    output_stride: int = 32
    weights: str | None = None
    load: bool = False

    def with_weights(self, weights: str, load: bool) -> MobileNetwork:
        """
        Return the same network with initial weights.

        :param weights: 'imagenet', or the path of a file.
        :param load: whether to fetch the weights; if not, the same network has random weights.
        :return: the new `build`.
        """
        return replace(self, weights=weights, load=load)

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network.

        :param heads: number of labels of each head, keyed by the name of the head.
        :param side: side of the square input in pixels, a multiple of 16.
        :return: model that maps (N, side, side, 1), values -1 to 1, to a dict of (N, labels)
            float32 logits, keyed by head.
        :raises ValueError: if the side or the output stride is not supported.
        :raises WeightsError: if the weights are not available or do not fit.
        """
        side = checked_side(self.name, side, self.output_stride)
        ours = self.weights is not None and self.weights.endswith('.keras')
        from_imagenet = None if ours else self.weights
        large = backbone('MobileNetV2', 2 * side, from_imagenet, self.load)[-1]
        if ours:
            large = as_torchvision_has_it(large)
        body = _for_small_gray(large, side, self.weights, self.output_stride)
        if self.blocks < BLOCKS:
            body = _cut(body, self.blocks)
        learned = read_networks(str(self.weights)) if ours and self.load else []
        if learned:
            file = str(self.weights).split(',')[0]
            begin_from(body, learned[0], file, _TOP, _KIND, _LAST_STRIDE)
        for layer in body.layers:
            if _block(layer.name) < self.frozen_blocks:
                layer.trainable = False
        x = layers.GlobalAveragePooling2D()(body.output)
        outputs = logits_of(x, heads, self.dropout)
        model = keras.Model(body.input, outputs, name=self.name)
        for network in learned:
            take_heads(model, network, heads)
        return model


def _cut(body: keras.Model, blocks: int) -> keras.Model:
    """Keep the first blocks of a network, and add one convolution."""
    last = [layer for layer in body.layers if _block(layer.name) < blocks][-1]
    x = last.output
    for layer in (
        layers.Conv2D(_TOP_WIDTH, 1, padding='same', use_bias=False, name=_TOP[0]),
        layers.BatchNormalization(momentum=MOMENTUM, name=_TOP[1]),
        layers.ReLU(6.0, name=_TOP[2]),
    ):
        x = fused(layer, {**layer.get_config(), 'dtype': keras.config.dtype_policy()})(x)
    return keras.Model(body.input, x)


def _block(layer_name: str) -> int:
    """Return the block of a layer: -1 before the first block, `BLOCKS` after the last block."""
    if layer_name.startswith('block_'):
        return int(layer_name.split('_')[1])
    if layer_name.startswith('expanded_conv'):
        return 0
    return BLOCKS if layer_name in ('Conv_1', 'Conv_1_bn', 'out_relu', *_TOP) else -1


def _for_small_gray(
    large: keras.Model, side: int, weights: str | None, output_stride: int = 32
) -> keras.Model:
    """Fold a network for colour pictures into a network for gray pictures of half their side."""

    def small(layer: keras.Layer) -> keras.Layer:
        options = layer.get_config()
        # The dtype policy may have changed since the layer was created.
        options['dtype'] = keras.config.dtype_policy()
        if layer.name == 'Conv1':
            options['strides'] = (1, 1)
        if output_stride == 16 and layer.name == f'{_LAST_HALVING}_depthwise':
            options['strides'] = (1, 1)
        if output_stride == 16 and layer.name == f'{_LAST_HALVING}_pad':
            options['padding'] = ((1, 1), (1, 1))
        if isinstance(layer, layers.BatchNormalization):
            options['momentum'] = MOMENTUM
        return fused(layer, options)

    image = keras.Input((side, side, 1), name='image')
    body = keras.models.clone_model(large, input_tensors=image, clone_function=small)
    by_name = {layer.name: layer for layer in body.layers}
    for layer in large.layers:
        if layer.weights and layer.name != 'Conv1':
            by_name[layer.name].set_weights(layer.get_weights())
    (kernel,) = large.get_layer('Conv1').get_weights()
    torchvision = weights is not None and weights.endswith('.npz')
    # The kernels expect scale * colour + offset of a colour from -1 to 1.
    scale, offset = np.ones(3), np.zeros(3)
    if torchvision:
        scale = 0.5 / np.array(TORCHVISION_DEVIATION)
        offset = (0.5 - np.array(TORCHVISION_MEAN)) / np.array(TORCHVISION_DEVIATION)
    gray = enlarging_kernel(kernel * scale[:, None], torchvision)
    by_name['Conv1'].set_weights([gray])
    # The offset adds a constant to each channel; the following normalisation subtracts it.
    gamma, beta, mean, variance = by_name['bn_Conv1'].get_weights()
    mean = mean - np.einsum('klco,c->o', kernel, offset)
    by_name['bn_Conv1'].set_weights([gamma, beta, mean, variance])
    return body


def enlarging_kernel(kernel: np.ndarray, torchvision: bool) -> np.ndarray:
    """
    Fold a kernel for colour pictures into a kernel for gray pictures of half their side.

    :param kernel: (3, 3, 3, filters), kernel of a convolution with stride 2.
    :param torchvision: whether the kernel was trained with PyTorch's padding, on all sides; if
        not,
        with TensorFlow's padding, which adds zeros only after a picture of an even side.
    :return: (3, 3, 1, filters), kernel of a convolution with stride 1 that keeps the size.
    """
    fold = _FOLD_TORCHVISION if torchvision else _FOLD_KERAS
    return np.einsum('ik,klco,jl->ijo', fold, kernel, fold)[:, :, None]


def checked_side(name: str, side: int | None, output_stride: int) -> int:
    """
    Check that a network supports an input side.

    :param name: name of the network, for the error message.
    :param side: side of the square input in pixels.
    :param output_stride: factor by which the last features are smaller than the enlarged picture.
    :return: the side.
    :raises ValueError: if the side is not a multiple of 16, or the stride is neither 16 nor 32.
    """
    if output_stride not in (16, 32):
        raise ValueError(f'output_stride is {output_stride}, but must be 16 or 32')
    if side is None or side % 16:
        raise ValueError(f'the side of {name} is {side}, but must be a multiple of 16')
    return side
