"""The interface of an image source, and its error."""

from __future__ import annotations

from abc import ABC
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
import re

import numpy as np

from fer_ros.perception.quoting import shortened

# The names of the sources, for messages and for the description of the parameter `source`.
SOURCES = (
    'astronaut, a device number or /dev/video*, a video file, a folder of pictures, one picture, '
    'an address such as rtsp://... or http://..., or a GStreamer description'
)

# Maximum length of a path in a message [characters].
PATH_LENGTH = 200

# An image and the time until the next image is due [s]; see ImageSource.
TimedImage = tuple[np.ndarray | None, float]


class SourceError(Exception):
    """An error of a source that delivers no images. The message names the source and a remedy."""


class ImageSource(ABC):
    """
    A sequence of images.

    Iterating yields pairs (image, period). The image is (H, W, 3) uint8, BGR, or None while the
    source has no image. The period is the time until the next image is due [s]. The period is 0 if
    the source itself waits for its next image.

    :param name: name of the source in messages.
    :param endless: whether the iteration never ends.
    """

    def __init__(self, name: str, endless: bool) -> None:
        self.name = name
        self.endless = endless
        # The number of files that are no pictures or could not be read.
        self.skipped = 0
        # Name of the scene that the last image shows. Images of different scenes show different
        # people. Empty if all images show one scene.
        self.scene = ''
        # Number of images, as far as the source states it; 0 if unknown.
        self.length = 0

    @abstractmethod
    def __iter__(self) -> Iterator[TimedImage]:
        """
        Iterate over the images.

        :raises SourceError: if the source stops delivering images.
        """


def shown(source: Path | str) -> str:
    """
    Shorten a path or an address for a message, and hide the password of an address.

    :param source: any path or address, also from untrusted input.
    :return: one line of at most PATH_LENGTH printable characters.
    """
    return shortened(without_password(source), PATH_LENGTH)


def without_password(source: Path | str) -> str:
    """
    Hide the user name and the password in an address.

    :param source: any path or address.
    :return: the address with *** in their place; another text is returned unchanged.
    """
    text = re.sub(r':(/{1,2})[^/\s]*@', r':\1***@', str(source))
    return re.sub(r'(?i)([?&][^=&#\s]*(?:pass|pwd|token)[^=&#\s]*=)[^&#\s]*', r'\1***', text)
