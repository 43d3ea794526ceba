"""The accepted encodings of raw images, and the layout of the pixels of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import re

import cv2
import numpy as np

from fer_ros.perception.quoting import quoted

# A function that makes the input of OpenCV's conversion. The arguments of the function are the
# data, (bytes,) uint8, and the height, width and step of the image.
Unpacking = Callable[[np.ndarray, int, int, int], np.ndarray]


@dataclass(frozen=True)
class Encoding:
    """
    The layout of pixels in memory.

    :param channels: number of values per pixel in a row.
    :param bits: bits per value, 8 or 16.
    :param conversion: OpenCV's code for the conversion to BGR; None if the pixels are BGR.
    :param planes: size of the data, divided by step times height.
    :param cell: (height, width) in pixels of the smallest block that has a colour of its own; the
        image must consist of whole blocks.
    :param step_unit: the step must be a multiple of this number of bytes.
    :param unpack: function that makes the input of the conversion; None if the rows of the data
        are the input.
    :param packed: layout of the same encoding if a row of the data is long enough for it; None if
        there is only one layout.
    """

    channels: int
    bits: int
    conversion: int | None
    planes: float = 1
    cell: tuple[int, int] = (1, 1)
    step_unit: int = 1
    unpack: Unpacking | None = None
    packed: Encoding | None = None

    @property
    def pixel_bytes(self) -> int:
        """Return the number of bytes per pixel in a row."""
        return self.channels * self.bits // 8


# Conversion of Y, Cb and Cr to B, G and R: ITU-R BT.601 with limited range (luma from 16 to 235),
# as in OpenCV's conversions of NV12 and of 4:2:2 formats.
_LUMA, _BLUE, _RED = 255 / 219, 255 / 224 * 1.772, 255 / 224 * 1.402
_GREEN = (255 / 224 * 1.772 * 0.114 / 0.587, 255 / 224 * 1.402 * 0.299 / 0.587)
_WEIGHTS = np.array([[_LUMA, _BLUE, 0], [_LUMA, -_GREEN[0], -_GREEN[1]], [_LUMA, 0, _RED]])
_YUV_TO_BGR = np.column_stack([_WEIGHTS, -_WEIGHTS @ (16, 128, 128)])


def _unpack_nv16(data: np.ndarray, height: int, width: int, step: int) -> np.ndarray:
    """Interleave both planes: the result is YUYV, (height, width, 2)."""
    rows = _rows(data, (2 * height, width), (step, 1))
    return np.asarray(cv2.merge([rows[:height], rows[height:]]))


def _unpack_nv24(data: np.ndarray, height: int, width: int, step: int) -> np.ndarray:
    """Convert both planes to BGR, because OpenCV has no conversion of NV24."""
    luma = _rows(data, (height, width, 1), (step, 1, 1))
    # A row of chroma has two bytes per pixel, padding included.
    begin = step * height
    chroma = _rows(data[begin:], (height, width, 2), (2 * step, 2, 1))
    return np.asarray(cv2.transform(np.concatenate([luma, chroma], axis=2), _YUV_TO_BGR))


def _unpack_yuv444(data: np.ndarray, height: int, width: int, step: int) -> np.ndarray:
    """Convert the planes Y, Cb and Cr to BGR."""
    planes = _rows(data, (3, height, width), (step * height, step, 1))
    return np.asarray(cv2.transform(np.stack(list(planes), axis=2), _YUV_TO_BGR))


def _unpack_uyv(data: np.ndarray, height: int, width: int, step: int) -> np.ndarray:
    """Convert pixels of Cb, Y and Cr to BGR."""
    pixels = _rows(data, (height, width, 3), (step, 3, 1))
    return np.asarray(cv2.transform(np.ascontiguousarray(pixels), _YUV_TO_BGR[:, [1, 0, 2, 3]]))


def _unpack_i420(data: np.ndarray, height: int, width: int, step: int) -> np.ndarray:
    """Remove the padding of the three planes: (height * 3 / 2, width)."""
    luma = _rows(data, (height, width), (step, 1))
    # Both chroma planes follow each other, each with rows of half the step.
    begin = step * height
    chroma = _rows(data[begin:], (height, width // 2), (step // 2, 1))
    planes = np.concatenate([luma.reshape(-1), chroma.reshape(-1)])
    return planes.reshape(height * 3 // 2, width)


def _rows(data: np.ndarray, shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
    """Return a view of bytes with gaps between the rows, which are the padding."""
    return np.lib.stride_tricks.as_strided(data, shape, strides, writeable=False)


def _colours() -> dict[str, Encoding]:
    """Return the encodings of colour and gray images, with 8 and with 16 bits per value."""
    conversions = {
        'bgr': (3, None),
        'rgb': (3, cv2.COLOR_RGB2BGR),
        'bgra': (4, cv2.COLOR_BGRA2BGR),
        'rgba': (4, cv2.COLOR_RGBA2BGR),
        'mono': (1, cv2.COLOR_GRAY2BGR),
        # OpenCV names a Bayer pattern by the second and third pixel of its second row.
        # ROS names a Bayer pattern by the four pixels in its first two rows and columns.
        'bayer_rggb': (1, cv2.COLOR_BayerBG2BGR),
        'bayer_bggr': (1, cv2.COLOR_BayerRG2BGR),
        'bayer_gbrg': (1, cv2.COLOR_BayerGR2BGR),
        'bayer_grbg': (1, cv2.COLOR_BayerGB2BGR),
    }
    return {
        f'{name}{bits}': Encoding(channels, bits, conversion)
        for bits in (8, 16)
        for name, (channels, conversion) in conversions.items()
    }


_UYVY = Encoding(2, 8, cv2.COLOR_YUV2BGR_UYVY, cell=(1, 2))
_YUYV = Encoding(2, 8, cv2.COLOR_YUV2BGR_YUY2, cell=(1, 2))
_I420 = Encoding(1, 8, cv2.COLOR_YUV2BGR_I420, 1.5, (2, 2), 2, _unpack_i420)

# The names are those of REP 118 and of sensor_msgs/image_encodings.hpp, except for bgrx8, nv16,
# i420, yuv420 and yuv444. The layout of planar formats is that of the V4L2 documentation
# ('Planar YUV formats', pixfmt-yuv-planar.rst): the planes follow each other, and chroma rows have
# as many pixels of padding as luma rows.
# Encodings of depth are not included.
ENCODINGS = {
    **_colours(),
    # OpenCV's type names do not state the colours, so the usual meaning among drivers is assumed.
    '8UC1': Encoding(1, 8, cv2.COLOR_GRAY2BGR),
    '8UC3': Encoding(3, 8, None),
    '8UC4': Encoding(4, 8, cv2.COLOR_BGRA2BGR),
    '16UC3': Encoding(3, 16, None),
    # libcamera's XRGB8888 and V4L2_PIX_FMT_XBGR32 ('XR24'): B, G, R and an unused byte.
    'bgrx8': Encoding(4, 8, cv2.COLOR_BGRA2BGR),
    'yuv422': _UYVY,
    'uyvy': _UYVY,
    'yuv422_yuy2': _YUYV,
    'yuyv': _YUYV,
    'nv12': Encoding(1, 8, cv2.COLOR_YUV2BGR_NV12, 1.5, (2, 2)),
    'nv21': Encoding(1, 8, cv2.COLOR_YUV2BGR_NV21, 1.5, (2, 2)),
    # V4L2_PIX_FMT_NV16.
    'nv16': Encoding(1, 8, cv2.COLOR_YUV2BGR_YUY2, 2, (1, 2), unpack=_unpack_nv16),
    # V4L2_PIX_FMT_NV24. The step is that of the luma plane, as camera_ros publishes it.
    'nv24': Encoding(1, 8, None, 3, unpack=_unpack_nv24),
    # V4L2_PIX_FMT_YUV420 ('YU12'): Y, Cb and Cr.
    'i420': _I420,
    'yuv420': _I420,
    # libcamera's YUV444 (DRM_FORMAT_YUV444): three planes Y, Cb and Cr. IIDC and GigE Vision
    # (YUV444Packed, which is YUV8_UYV in PFNC): pixels of U, Y and V, so the step is three times
    # as long.
    'yuv444': Encoding(
        1, 8, None, 3, unpack=_unpack_yuv444, packed=Encoding(3, 8, None, unpack=_unpack_uyv)
    ),
}

# Depth cameras use this encoding. Some infrared and thermal cameras use it as well.
DEPTH_OR_INFRARED = '16UC1'

# Encodings of depth images.
DEPTH = (DEPTH_OR_INFRARED, '32FC1')

# OpenCV's names of types.
CV_TYPE = re.compile(r'\d+[USF]C\d*', re.IGNORECASE)

_LOWER_CASE = {name.lower(): encoding for name, encoding in ENCODINGS.items()}


def find_encoding(name: str, bit_depth: int = 0) -> Encoding | None:
    """
    Find an encoding.

    :param name: name of the encoding, in upper or lower case.
    :param bit_depth: value of the setting. If it is above 0, 16UC1 is accepted as mono16.
    :return: the layout of its pixels; None if the encoding is not accepted.
    """
    found = ENCODINGS.get(name) or _LOWER_CASE.get(name.lower())
    if found is None and bit_depth and name.upper() == DEPTH_OR_INFRARED:
        return ENCODINGS['mono16']
    return found


def why_not_accepted(name: str) -> str:
    """
    Describe why an encoding is not accepted, and what would be right.

    :param name: name of the encoding, as the message states it.
    :return: a sentence for the log.
    """
    told = f'the encoding is {quoted(name)}'
    if name.upper() == DEPTH_OR_INFRARED:
        return (
            f'{told}, which depth cameras use; for an infrared or thermal camera, set bit_depth '
            'to its number of significant bits (8 to 16)'
        )
    if name.upper() in DEPTH:
        told += ', which depth cameras use'
    return f'{told}, not one of {ACCEPTED}'


def _accepted() -> str:
    """List the names of all encodings; the Bayer patterns count as one name."""
    names = [re.sub('bayer_[a-z]{4}', 'bayer_*', name) for name in ENCODINGS]
    return ', '.join(dict.fromkeys(names))


ACCEPTED = _accepted()
