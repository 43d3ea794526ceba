"""An image in each encoding of a raw image message."""

import cv2
import numpy as np

from fer_ros.perception.images.decoding import decode_image

# An image with smooth colours, so that encodings with subsampled colour lose little.
HEIGHT, WIDTH = 24, 32


YS, XS = np.mgrid[:HEIGHT, :WIDTH]


PICTURE = np.stack([60 + 4 * XS, 220 - 6 * YS, 90 + 2 * XS + 2 * YS], axis=2).astype(np.uint8)


def bayer(pattern):
    """Sample the image like a Bayer sensor. The pattern names the 2x2 cell row by row."""
    channels = {'b': 0, 'g': 1, 'r': 2}
    sampled = np.empty((HEIGHT, WIDTH), np.uint8)
    for place, name in enumerate(pattern):
        row, column = divmod(place, 2)
        sampled[row::2, column::2] = PICTURE[row::2, column::2, channels[name]]
    return sampled


def yuv_422(order):
    """Return (H, W * 2): one brightness per pixel and one colour per pair, in the given order."""
    # BT.601 in video range, as in OpenCV's 4:2:2 conversions.
    planes = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2YUV_I420)
    y = planes[:HEIGHT]
    colours = planes[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
    u, v = colours.repeat(2, axis=1)
    packed = np.empty((HEIGHT, WIDTH // 2, 4), np.uint8)
    places = {'uyvy': (1, 3, 0, 2), 'yuyv': (0, 2, 1, 3)}[order]
    for place, values in zip(places, (y[:, ::2], y[:, 1::2], u, v), strict=True):
        packed[:, :, place] = values
    return packed.reshape(HEIGHT, WIDTH * 2)


def semiplanar(swapped):
    """Return (H * 3 / 2, W): the brightness, then both colours interleaved."""
    planes = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2YUV_I420)
    colours = planes[HEIGHT:].reshape(2, -1)
    colours = colours[::-1] if swapped else colours
    return np.concatenate([planes[:HEIGHT], colours.T.reshape(HEIGHT // 2, WIDTH)])


def planar(*colour_shape):
    """
    Give the planes of brightness and of both colours.

    :param colour_shape: (height, width) of the colours, (H, W) or a half of each.
    """
    planes = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2YUV_I420)
    colours = planes[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
    height, width = 2 * colour_shape[0] // HEIGHT, 2 * colour_shape[1] // WIDTH
    return [planes[:HEIGHT], *colours.repeat(height, axis=1).repeat(width, axis=2)]


def interleaved(luma, *colours):
    """Give the plane of brightness, and one with both colours in turns."""
    return [luma, np.stack(colours, axis=2)]


GRAY = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2GRAY)


RGB = PICTURE[:, :, ::-1]


OPAQUE = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)


# The message data of PICTURE for each encoding, as an array of rows.
ROWS = {
    'bgr8': PICTURE,
    'rgb8': RGB,
    'bgra8': np.concatenate([PICTURE, OPAQUE], 2),
    'rgba8': np.concatenate([RGB, OPAQUE], 2),
    'mono8': GRAY,
    'bgr16': PICTURE.astype('<u2') * 257,
    'rgb16': RGB.astype('<u2') * 257,
    'bgra16': np.concatenate([PICTURE, OPAQUE], 2).astype('<u2') * 257,
    'rgba16': np.concatenate([RGB, OPAQUE], 2).astype('<u2') * 257,
    'mono16': GRAY.astype('<u2') * 257,
    **{f'bayer_{pattern}8': bayer(pattern) for pattern in ('rggb', 'bggr', 'gbrg', 'grbg')},
    **{
        f'bayer_{pattern}16': bayer(pattern).astype('<u2') * 257
        for pattern in ('rggb', 'bggr', 'gbrg', 'grbg')
    },
    '8UC1': GRAY,
    '8UC3': PICTURE,
    '8UC4': np.concatenate([PICTURE, OPAQUE], 2),
    'yuv422': yuv_422('uyvy'),
    'uyvy': yuv_422('uyvy'),
    'yuv422_yuy2': yuv_422('yuyv'),
    'yuyv': yuv_422('yuyv'),
    'nv12': semiplanar(swapped=False),
    'nv21': semiplanar(swapped=True),
    '16UC3': PICTURE.astype('<u2') * 257,
    # The byte without meaning has any value.
    'bgrx8': np.concatenate([PICTURE, PICTURE[:, :, :1]], 2),
    'nv16': interleaved(*planar(HEIGHT, WIDTH // 2)),
    'nv24': interleaved(*planar(HEIGHT, WIDTH)),
    'i420': planar(HEIGHT // 2, WIDTH // 2),
    'yuv420': planar(HEIGHT // 2, WIDTH // 2),
    'yuv444': planar(HEIGHT, WIDTH),
}


def flat_rows(rows):
    """Return (rows, bytes) uint8 of an array of rows."""
    return np.ascontiguousarray(rows).view(np.uint8).reshape(rows.shape[0], -1)


def padded(rows, padding):
    """Give the rows with as many bytes behind each."""
    return np.concatenate([rows, np.full((len(rows), padding), 0xAB, np.uint8)], axis=1)


def decode(rows, encoding, padding=0, bigendian=False, bit_depth=0):
    planes = rows if isinstance(rows, list) else [rows.byteswap() if bigendian else rows]
    planes = [flat_rows(plane) for plane in planes]
    row_bytes = planes[0].shape[1]
    # Of planar formats, rows of half the bytes have half of the padding (V4L2).
    planes = [padded(plane, padding * plane.shape[1] // row_bytes) for plane in planes]
    data = np.concatenate([plane.reshape(-1) for plane in planes])
    step = row_bytes + padding
    return decode_image(data, HEIGHT, WIDTH, encoding, step, bigendian, bit_depth)


def expected(encoding):
    gray = encoding.startswith('mono') or encoding == '8UC1'
    return cv2.cvtColor(GRAY, cv2.COLOR_GRAY2BGR) if gray else PICTURE
