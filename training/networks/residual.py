"""
Small residual networks with squeeze-and-excitation and global pooling.

He et al. 2015, arXiv:1512.03385; Hu et al. 2017, arXiv:1709.01507.  The shortcut that pools
before it widens is from He et al. 2018, arXiv:1812.01187.

Global pooling avoids a dense layer, which would hold most of the parameters.  With global pooling,
the same weights accept pictures of any side, so training can begin on small pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
from keras import layers

from training.networks.parts.layer_lists import logits_of

# Factor by which the channels are reduced inside squeeze-and-excitation.
EXCITATION_RATIO = 8


@dataclass(frozen=True)
class ResidualNetwork:
    """
    A residual network with logits for each head, as the `build` of a recipe.

    :param name: name of the model.
    :param stem: channels of the first convolution.
    :param widths: channels of each stage.
    :param blocks: number of residual blocks of each stage.
    :param dropout: dropout rate before the heads.
    :param stem_kernel: side of the kernel of the first convolution.
    :param stem_stride: stride of the first convolution: 2 halves the side, 1 keeps it.
    """

    name: str
    stem: int
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    dropout: float
    stem_kernel: int = 5
    stem_stride: int = 2

    def __call__(self, heads: Mapping[str, int], side: int | None) -> keras.Model:
        """
        Build the network.

        :param heads: number of labels of each head, keyed by the name of the head.
        :param side: side of the square input in pixels, or None for any.
        :return: model that maps (N, side, side, 1) to a dict of (N, labels) float32 logits.
        :raises ValueError: if `widths` and `blocks` differ in length.
        """
        return residual_network(
            heads,
            side=side,
            stem=self.stem,
            widths=self.widths,
            blocks=self.blocks,
            dropout=self.dropout,
            name=self.name,
            stem_kernel=self.stem_kernel,
            stem_stride=self.stem_stride,
        )


def residual_network(
    heads: Mapping[str, int],
    *,
    side: int | None,
    stem: int,
    widths: tuple[int, ...],
    blocks: tuple[int, ...],
    dropout: float,
    name: str,
    stem_kernel: int = 5,
    stem_stride: int = 2,
) -> keras.Model:
    """
    Build a residual network with one body and an output of logits for each head.

    The stem (with a stride of 2) and every stage except the first halve the side.  Most of the
    work is
    therefore done on few pixels.

    :param heads: number of labels of each head, keyed by the name of the head.
    :param side: side of the square input in pixels, a multiple of 2 ** len(widths); None for any.
    :param stem: channels of the first convolution.
    :param widths: channels of each stage.
    :param blocks: number of residual blocks of each stage.
    :param dropout: dropout rate before the heads.
    :param name: name of the model.
    :param stem_kernel: side of the kernel of the first convolution.
    :param stem_stride: stride of the first convolution.
    :return: model that maps (N, side, side, 1) to a dict of (N, labels) float32 logits.
    :raises ValueError: if `widths` and `blocks` differ in length.
    """
    if len(widths) != len(blocks):
        raise ValueError(f'there are {len(widths)} widths, but {len(blocks)} numbers of blocks')
    image = keras.Input((side, side, 1), name='image')
    x = _convolution(image, stem, kernel=stem_kernel, stride=stem_stride)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
        for block in range(count):
            x = _residual_block(x, width, stride=2 if stage and not block else 1)
    x = layers.GlobalAveragePooling2D()(x)
    # The averages of an untrained network hardly differ between pictures.  Without this
    # normalisation,
    # the network learns almost nothing in the first epochs.
    x = layers.BatchNormalization()(x)
    return keras.Model(image, logits_of(x, heads, dropout), name=name)


def _convolution(
    x: keras.KerasTensor, channels: int, kernel: int, stride: int = 1
) -> keras.KerasTensor:
    """Convolve without a bias, because a batch normalisation follows."""
    return layers.Conv2D(
        channels,
        kernel,
        strides=stride,
        padding='same',
        use_bias=False,
        kernel_initializer='he_normal',
    )(x)


def _residual_block(x: keras.KerasTensor, channels: int, stride: int) -> keras.KerasTensor:
    """Apply two convolutions with squeeze-and-excitation, and add the shortcut."""
    shortcut = x
    x = _convolution(x, channels, kernel=3, stride=stride)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = _convolution(x, channels, kernel=3)
    x = layers.BatchNormalization()(x)
    x = _excite(x)
    if stride > 1:
        shortcut = layers.AveragePooling2D(stride)(shortcut)
    if shortcut.shape[-1] != channels:
        shortcut = layers.BatchNormalization()(_convolution(shortcut, channels, kernel=1))
    return layers.ReLU()(layers.Add()([x, shortcut]))


def _excite(x: keras.KerasTensor) -> keras.KerasTensor:
    """Scale each channel by a weight computed from the averages of all channels."""
    channels = x.shape[-1]
    weight = layers.GlobalAveragePooling2D(keepdims=True)(x)
    weight = layers.Conv2D(channels // EXCITATION_RATIO, 1, activation='relu')(weight)
    weight = layers.Conv2D(channels, 1, activation='sigmoid')(weight)
    return layers.Multiply()([x, weight])
