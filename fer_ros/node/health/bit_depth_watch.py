"""Find 16-bit images whose values have fewer significant bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.messages.pixels import has_16_bits
from fer_ros.perception.images.bit_depth import propose_bit_depth

# Number of images that are searched for their largest value. The search takes some microseconds
# per image.
SEARCHED = 10


class BitDepthWatch:
    """Proposes a value of the parameter `bit_depth` while it is 0."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        """
        Create the watch.

        :param warn: writes a warning to the log.
        """
        self._warn = warn
        self.begin()

    def begin(self) -> None:
        """Reset the search for the bit depth after an activation of the node."""
        self._warned = False
        self._forget()

    def _forget(self) -> None:
        """Begin a new search."""
        self._searched = 0
        self._brightest = 0
        self._proposed = 0

    @property
    def proposed(self) -> int:
        """Return the bit depth to set; 0 if none is proposed."""
        return self._proposed

    def see(
        self,
        message: Image | CompressedImage,
        image: np.ndarray,
        mean: float,
        bit_depth: int,
    ) -> None:
        """
        Examine an image, and warn once.

        :param message: message of the image.
        :param image: (H, W, 3) uint8, the converted image.
        :param mean: mean gray level of the image, 0 to 255.
        :param bit_depth: value of the parameter, with which the image was converted.
        """
        if bit_depth or not has_16_bits(message):
            if self._searched:
                self._forget()
            return
        if self._searched == SEARCHED:
            # A camera that was in the dark may use more bits later, so the search starts again.
            if mean > self._brightest:
                self._forget()
            return
        self._searched += 1
        self._brightest = max(self._brightest, int(image.max()))
        if self._searched < SEARCHED:
            return
        self._proposed = propose_bit_depth(self._brightest)
        if self._proposed and not self._warned:
            self._warned = True
            self._warn(
                f'the values of {SEARCHED} images use at most {self._proposed} of 16 bits: if the '
                f'camera has {self._proposed} significant bits, set bit_depth to {self._proposed}'
            )
