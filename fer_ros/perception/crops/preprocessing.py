"""Convert crops to the input array of a network. Training uses the same functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import cv2
import numpy as np

# Number of channels by the value of `colour` in a card.
COLOURS = {'gray': 1, 'rgb': 3, 'bgr': 3}


@dataclass(frozen=True)
class InputSpec:
    """
    The size and the values of a network's input.

    :param height: height in pixels.
    :param width: width in pixels.
    :param channels: number of channels, 1 or 3.
    :param colour: 'gray', 'rgb' or 'bgr'.
    :param value_range: input values of the network for the uint8 values 0 and 255. Values between
        them are scaled linearly.
    :raises ValueError: if a value is out of range, or the channels do not fit the colour.
    """

    height: int
    width: int
    channels: int
    colour: str
    value_range: tuple[float, float]

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ValueError(
                f'the input is {self.height}x{self.width}, but must be at least 1x1 pixel'
            )
        if self.colour not in COLOURS:
            raise ValueError(f"colour is '{self.colour}', but must be one of {', '.join(COLOURS)}")
        if self.channels != COLOURS[self.colour]:
            raise ValueError(
                f'channels is {self.channels}, but the colour {self.colour} has '
                f'{COLOURS[self.colour]} channels'
            )
        if len(self.value_range) != 2 or not self.value_range[0] < self.value_range[1]:
            raise ValueError(f'value_range is {self.value_range}, but must be [lowest, highest]')
        if not all(map(math.isfinite, self.value_range)):
            raise ValueError(f'value_range is {self.value_range}, but must be finite')

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the shape of the input, (height, width, channels)."""
        return (self.height, self.width, self.channels)


def to_colour(crop: np.ndarray, colour: str) -> np.ndarray:
    """
    Convert a crop to the colours that the network was trained on.

    :param crop: (H, W, 3) uint8 BGR, or (H, W) uint8 gray.
    :param colour: 'gray', 'rgb' or 'bgr'.
    :return: (H, W) uint8 for 'gray', otherwise (H, W, 3) uint8.
    """
    if crop.ndim == 2:
        return crop if colour == 'gray' else cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR)
    if colour == 'gray':
        return cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    return crop if colour == 'bgr' else cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)


def to_network_input(crops: Sequence[np.ndarray] | np.ndarray, spec: InputSpec) -> np.ndarray:
    """
    Convert crops to one batch with the network's colours and value range.

    :param crops: N crops, each (spec.height, spec.width, 3) uint8 BGR or (spec.height, spec.width)
        uint8 gray; or an array of N crops, (N, H, W) or (N, H, W, 3).
    :param spec: size and values of the network's input.
    :return: (N, height, width, channels) float32 input of the network.
    :raises ValueError: if a crop has another size or element type.
    """
    low, high = spec.value_range
    batch = np.empty((len(crops), *spec.shape), np.float32)
    for index, crop in enumerate(crops):
        if crop.dtype != np.uint8 or crop.shape[:2] != spec.shape[:2]:
            raise ValueError(
                f'crop {index} is {crop.shape} {crop.dtype}, but must be ({spec.height}, '
                f'{spec.width}) or ({spec.height}, {spec.width}, 3) uint8'
            )
        batch[index] = to_colour(crop, spec.colour).reshape(spec.shape)
    batch *= np.float32((high - low) / 255)
    batch += np.float32(low)
    return batch
