"""
MobileNetV2 for small gray faces, beginning from what ImageNet taught it.

Sandler et al. 2018, arXiv:1801.04381.  A face of FER2013 has 48x48 pixels, and MobileNetV2 halves
the side five times.  Enlarged to twice its side first, it leaves more to look at, and fits what
the kernels learned on ImageNet better.  Enlarging (bilinear) and then convolving with stride 2 is
the same as convolving the small picture with stride 1, so that this costs nothing: the first
kernels are folded once, when they are loaded.
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

# What a pixel of the enlarged picture is made of: a quarter of one neighbour, and itself.  Rows:
# the pixels i-1, i, i+1 of the small picture; columns: the three pixels that the kernel is on.
# torchvision pads before and after, so that its kernel is on 2i-1, 2i, 2i+1; Keras's is on
# 2i, 2i+1, 2i+2.
_FOLD_TORCHVISION = np.array([[0.75, 0.25, 0], [0.25, 0.75, 0.75], [0, 0, 0.25]])
_FOLD_KERAS = np.array([[0.25, 0, 0], [0.75, 0.75, 0.25], [0, 0.25, 0.75]])

# Inverted residual blocks of MobileNetV2.
BLOCKS = 17

# The last of them that halves the side.
_LAST_HALVING = 'block_13'

# Where a network of one output stride differs from that of the other, of the same weights.
_LAST_STRIDE = (f'{_LAST_HALVING}_pad', f'{_LAST_HALVING}_depthwise')

# The layers that take the place of the end where it is cut short.
_TOP = ('top', 'top_bn', 'top_relu')

# What a file of weights must be of.
_KIND = "this network, begun from torchvision's weights"

# Channels that are averaged over the picture where it is cut short.
_TOP_WIDTH = 384

# The statistics follow the batches this slowly; Keras's 0.999 is for ImageNet's many steps.
MOMENTUM = 0.99


@dataclass(frozen=True)
class MobileNetwork:
    """
    MobileNetV2 with an output of logits for each head, as a recipe's `build` takes it.

    :param name: of the model.
    :param dropout: rate before the heads.
    :param frozen_blocks: of the first blocks, with all before them, that stay as they begin:
        they work on the most pixels, and so take the most time to train.
    :param blocks: of MobileNetV2's 17, from the first on.  With fewer, one layer of chance takes
        the place of all that follows: the late blocks hold most of the parameters, the early ones
        what ImageNet teaches about edges and shapes.
    :param output_stride: by how much smaller the last features are than the enlarged picture: 32,
        or 16, which leaves the last halving out.  A face of 48x48 pixels then has 6x6 places to
        the end and not 3x3, with the same weights (Luo et al. 2019, arXiv:1903.07071, call it the
        last stride).
    :param weights: to begin from, or None; those of ImageNet, as `backbones.backbone` has them,
        or the `.keras` file of a network of this kind; or several, joined by commas: the body is
        of the first, and each has the heads of its own.  A head that none has begins from chance.
    :param load: read these; without, the network is the same and its weights are of chance.
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
        Give the same network, beginning from weights.

        :param weights: 'imagenet', or a file.
        :param load: fetch them; without, the network is the same and its weights are of chance.
        :return: another `build`.
        """
        return replace(self, weights=weights, load=load)

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network.

        :param heads: the number of labels by the head's name; each output has that name.
        :param side: of the square input in pixels, a multiple of 16.
        :return: from (N, side, side, 1), -1 to 1, to a dict of (N, labels) float32 logits.
        :raises ValueError: if the side or the output stride is none that it can take.
        :raises WeightsError: if the weights cannot be had, or do not fit.
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
    """Take the first blocks of a network, and one layer more."""
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
    """Tell which block a layer is of: -1 for what is before, `BLOCKS` for what is after."""
    if layer_name.startswith('block_'):
        return int(layer_name.split('_')[1])
    if layer_name.startswith('expanded_conv'):
        return 0
    return BLOCKS if layer_name in ('Conv_1', 'Conv_1_bn', 'out_relu', *_TOP) else -1


def _for_small_gray(
    large: keras.Model, side: int, weights: str | None, output_stride: int = 32
) -> keras.Model:
    """Fold a network for colour pictures into one for gray ones of half their side."""

    def small(layer: keras.Layer) -> keras.Layer:
        options = layer.get_config()
        # It was made in another precision, if that has changed since.
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
    # Of a colour from -1 to 1, what each kernel wants is this times it, and this much more.
    scale, offset = np.ones(3), np.zeros(3)
    if torchvision:
        scale = 0.5 / np.array(TORCHVISION_DEVIATION)
        offset = (0.5 - np.array(TORCHVISION_MEAN)) / np.array(TORCHVISION_DEVIATION)
    gray = enlarging_kernel(kernel * scale[:, None], torchvision)
    by_name['Conv1'].set_weights([gray])
    # What the offset adds to every pixel is taken from the mean that is subtracted next.
    gamma, beta, mean, variance = by_name['bn_Conv1'].get_weights()
    mean = mean - np.einsum('klco,c->o', kernel, offset)
    by_name['bn_Conv1'].set_weights([gamma, beta, mean, variance])
    return body


def enlarging_kernel(kernel: np.ndarray, torchvision: bool) -> np.ndarray:
    """
    Make a kernel for small gray pictures of one for colour pictures of twice their side.

    :param kernel: (3, 3, 3, filters), of a convolution of stride 2.
    :param torchvision: it is used to zeros on all sides, as PyTorch pads; else to those that
        TensorFlow adds after a picture of an even side alone.
    :return: (3, 3, 1, filters), of a convolution of stride 1 that keeps the size.
    """
    fold = _FOLD_TORCHVISION if torchvision else _FOLD_KERAS
    return np.einsum('ik,klco,jl->ijo', fold, kernel, fold)[:, :, None]


def checked_side(name: str, side: int | None, output_stride: int) -> int:
    """
    Refuse sides that a network which halves its picture so often cannot take.

    :param name: of it.
    :param side: of the square input in pixels.
    :param output_stride: by how much smaller the last features are than the enlarged picture.
    :return: the side.
    :raises ValueError: if the side is no multiple of 16, or the stride neither 16 nor 32.
    """
    if output_stride not in (16, 32):
        raise ValueError(f'output_stride is {output_stride}, but must be 16 or 32')
    if side is None or side % 16:
        raise ValueError(f'the side of {name} is {side}, but must be a multiple of 16')
    return side
