"""What a network expects and returns, as far as its file tells, and what the user must add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer_ros.perception.crops.alignment import CropGeometry
from fer_ros.perception.crops.alignment import FER2013_CROP

NHWC, NCHW = 'nhwc', 'nchw'
LAYOUTS = (NHWC, NCHW)
CHANNELS = (1, 3)

# Largest deviation of a sum of probabilities from 1, which half precision and eight bits may
# cause.
SUM_TOLERANCE = 2e-2


class ImportRefusedError(ValueError):
    """Raised if a network cannot be imported, or if a needed option is missing."""


@dataclass(frozen=True)
class Given:
    """
    What the user states about a network.

    :param labels: labels in the order of the outputs.
    :param value_range: input values for the uint8 values 0 and 255; None to find it in the file.
    :param mean: mean of each channel that is subtracted from values of 0 to 1, or empty.
    :param std: standard deviation of each channel by which the values are divided, or empty.
    :param colour: 'gray', 'rgb' or 'bgr'; None to find it in the file.
    :param layout: 'nhwc' or 'nchw'; None to find it in the file.
    :param side: side of the input in pixels, for a network of any size.
    :param output: 'logits' or 'probabilities'; None to find it by running the network.
    :param crop: positions of the eyes.
    """

    labels: tuple[str, ...]
    value_range: tuple[float, float] | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    colour: str | None = None
    layout: str | None = None
    side: int | None = None
    output: str | None = None
    crop: CropGeometry = FER2013_CROP


@dataclass(frozen=True)
class Layout:
    """
    The input of a network.

    :param order: 'nhwc' or 'nchw'.
    :param height: height in pixels.
    :param width: width in pixels.
    :param channels: number of channels, 1 or 3.
    :param told: how the order was found, as a sentence.
    """

    order: str
    height: int
    width: int
    channels: int
    told: str


@dataclass(frozen=True)
class Scaling:
    """
    How pixels become input values.

    :param value_range: input values for the uint8 values 0 and 255, for the card.
    :param factors: factor of each channel that the network must apply first; empty for none.
    :param offsets: offset of each channel that the network must add then; empty for none.
    :param told: how the range was found, as a sentence.
    """

    value_range: tuple[float, float]
    factors: tuple[float, ...]
    offsets: tuple[float, ...]
    told: str


def find_layout(shape: Sequence[int | None], given: Given) -> Layout:
    """
    Find the order of the dimensions of an input.

    :param shape: shape of the input with the batch; None for a dimension of any size.
    :param given: what the user states.
    :return: the layout.
    :raises ImportRefusedError: if the input is no picture, or the order or the size is not
        certain.
    """
    shown = 'x'.join('?' if size is None else str(size) for size in shape)
    if len(shape) != 4:
        raise ImportRefusedError(
            f'the input of the network is {shown}, but must have four dimensions: batch, height, '
            'width and channels, in this order or with the channels first'
        )
    possible = [
        order for order, place in ((NHWC, 3), (NCHW, 1)) if shape[place] in (*CHANNELS, None)
    ]
    # A side of one or three pixels is no face, so a fixed number of channels decides.
    certain = [order for order in possible if shape[3 if order == NHWC else 1] is not None]
    if given.layout is not None:
        if given.layout not in possible:
            raise ImportRefusedError(
                f'--layout is {given.layout}, but the input {shown} has neither 1 nor 3 channels '
                'in this order'
            )
        order, told = given.layout, f'{given.layout.upper()}, as given by --layout'
    elif len(certain) == 1:
        order = certain[0]
        told = f'{order.upper()}, because the input is {shown}'
    else:
        raise ImportRefusedError(
            f'the input is {shown}, so the order of height, width and channels is not certain; '
            'state it with --layout nhwc or --layout nchw'
            if possible
            else f'the input is {shown}, but must have 1 or 3 channels'
        )
    height, width, channels = shape[1:] if order == NHWC else (*shape[2:], shape[1])
    if channels is None:
        if given.colour is None:
            raise ImportRefusedError(
                f'the input is {shown}, so its colours are not certain; state them with --colour'
            )
        channels = 1 if given.colour == 'gray' else 3
    sides = [given.side if size is None else size for size in (height, width)]
    if sides[0] is None or sides[1] is None:
        raise ImportRefusedError(
            f'the input is {shown}, which is any size; state the side in pixels with --side'
        )
    return Layout(order, sides[0], sides[1], channels, told)


def find_colour(channels: int, given: Given) -> tuple[str, str]:
    """
    Find the colours of the input.

    :param channels: number of channels.
    :param given: what the user states.
    :return: the colour for the card, and how it was found as a sentence.
    :raises ImportRefusedError: if the order of three channels is not stated.
    """
    if channels == 1:
        if given.colour not in (None, 'gray'):
            raise ImportRefusedError(
                f'--colour is {given.colour}, but the network has one channel; use --colour gray'
            )
        return 'gray', 'gray, because the input has one channel'
    if given.colour is None:
        raise ImportRefusedError(
            'the input has three channels, and the file does not tell their order; state it with '
            '--colour rgb (Pillow, Keras, torchvision) or --colour bgr (OpenCV)'
        )
    if given.colour == 'gray':
        raise ImportRefusedError(
            '--colour is gray, but the network has three channels; for a network trained on gray '
            'pictures, use --colour rgb'
        )
    return given.colour, f'{given.colour}, as given by --colour'


def find_scaling(channels: int, found: tuple[float, float] | None, given: Given) -> Scaling:
    """
    Find how pixels become input values.

    :param channels: number of channels.
    :param found: range that the file tells, or None.
    :param given: what the user states.
    :return: the scaling.
    :raises ImportRefusedError: if it is not certain, or what is given does not fit together.
    """
    if given.mean or given.std:
        if given.value_range is not None:
            raise ImportRefusedError('give either --range or --mean and --std, not both')
        if {len(given.mean), len(given.std)} - {1, channels} or min(given.std, default=0) <= 0:
            raise ImportRefusedError(
                f'--mean and --std must have one value or {channels}, one for each channel, and '
                'the values of --std must be above 0'
            )
        mean, std = np.array(given.mean), np.array(given.std)
        told = 'by --mean and --std, as values of 0 to 1'
        low, high = -mean / std, (1 - mean) / std
        if np.ptp(low) == 0 and np.ptp(high) == 0:
            value_range = (float(low.flat[0]), float(high.flat[0]))
            return Scaling(value_range, (), (), f'{_numbers(value_range)}, {told}')
        factors, offsets = (np.broadcast_to(one, channels) for one in (1 / std, -mean / std))
        return Scaling(
            (0.0, 1.0),
            tuple(map(float, factors)),
            tuple(map(float, offsets)),
            f'0 to 1, and then {told}, which is now part of the network',
        )
    if given.value_range is not None:
        if not given.value_range[0] < given.value_range[1]:
            raise ImportRefusedError(
                f'--range is {_numbers(given.value_range)}, but the first value must be lower'
            )
        return Scaling(
            given.value_range, (), (), f'{_numbers(given.value_range)}, as given by --range'
        )
    if found is not None:
        return Scaling(found, (), (), f'{_numbers(found)}, because the network scales the pixels')
    raise ImportRefusedError(
        'the file does not tell which values the network expects for pixels of 0 and 255; state '
        'them with --range 0 1, --range -1 1, --range 0 255, or with --mean and --std'
    )


def find_output(outputs: np.ndarray, given: Given) -> tuple[str, str]:
    """
    Find out whether a network returns logits or probabilities.

    :param outputs: (N, labels) float, the outputs for N pictures.
    :param given: what the user states.
    :return: the type for the card, and how it was found as a sentence.
    :raises ImportRefusedError: if the outputs do not fit the labels, or the type is not certain.
    """
    if outputs.shape[1] != len(given.labels):
        raise ImportRefusedError(
            f'the network has {outputs.shape[1]} outputs, but --labels has {len(given.labels)} '
            f'names: {", ".join(given.labels)}'
        )
    if not np.isfinite(outputs).all():
        raise ImportRefusedError('the output of the network is not finite (NaN or infinite)')
    if given.output is not None:
        return given.output, f'{given.output}, as given by --output-type'
    inside = outputs.min() >= -SUM_TOLERANCE and outputs.max() <= 1 + SUM_TOLERANCE
    if not inside:
        return 'logits', 'logits, because some outputs are below 0 or above 1'
    if np.abs(outputs.sum(axis=1) - 1).max() <= SUM_TOLERANCE:
        return 'probabilities', 'probabilities, because the outputs of each picture sum to 1'
    raise ImportRefusedError(
        'all outputs are from 0 to 1, but do not sum to 1, so their type is not certain; state it '
        'with --output-type logits or --output-type probabilities'
    )


def _numbers(value_range: tuple[float, float]) -> str:
    """Format a value range, such as `0 to 255`."""
    return f'{value_range[0]:.4g} to {value_range[1]:.4g}'
