"""Read the image size from the header of a JPEG, PNG or WebP file before it is decoded."""

from __future__ import annotations

from dataclasses import dataclass
import re
import struct

import numpy as np

from fer_ros.perception.quoting import quoted

PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'

# Number of bytes at the start of a PNG file that contain its bit depth, as the last of them.
PNG_START = 25

# The chunks of a PNG file that the decoded image depends on; eXIf contains the rotation.
# All other chunks are removed, because libpng unpacks each compressed text to up to 8 MB, and a
# file may contain 1000 texts.
PIXEL_CHUNKS = (b'IHDR', b'PLTE', b'tRNS', b'eXIf', b'IDAT', b'IEND')

# Number of samples per pixel by the colour type of PNG (ISO/IEC 15948, table 11.1).
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

# The maximum compression ratio of Deflate: two codes of at least one bit each encode at most 258
# bytes (RFC 1951, 3.2.5).
DEFLATE_RATIO = 258 * 8 // 2

# A JPEG marker that is followed by the length of its segment (ITU-T T.81, B.1.1).
# Stuffed zeros, fill bytes, RSTn and TEM have no length and do not match.
# A search with this pattern skips other bytes before a marker, as libjpeg does.
MARKER = re.compile(rb'\xff[^\x00\x01\xd0-\xd7\xff]')
SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
# Markers of frame headers, SOF0 to SOF15. DHT, JPG and DAC are excluded, although their codes are
# in the same range. SOF0 to SOF7 use Huffman coding.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
LAST_HUFFMAN_FRAME = 0xC7
PROGRESSIVE_FRAMES = (0xC2, 0xCA)

# libjpeg processes the whole image for each scan, even if the scan has few bytes. Encoders write
# about ten scans, at most 18 (jpeg_simple_progression of libjpeg for four components).
MOST_SCANS = 64

# Maximum number of segments or chunks of a file. A colour profile in a JPEG file has at most 255
# segments. A PNG file usually has one chunk per 8 KiB of compressed pixels.
MOST_PARTS = 20_000


class ImageFileError(ValueError):
    """Raised if a file must not be decoded; the message states the reason."""


@dataclass(frozen=True)
class ImageFile:
    """
    A file with one image that is not decoded yet.

    :param width: image width in pixels, before any rotation by EXIF.
    :param height: image height in pixels, before any rotation by EXIF.
    :param least_size: minimum size in bytes of a file with an image of this size and format.
    :param data: (bytes,) uint8, content of the file, without chunks that do not affect the image.
    """

    width: int
    height: int
    least_size: int
    data: np.ndarray


def read_image_file(data: np.ndarray) -> ImageFile:
    """
    Read the size of a compressed image from its header.

    The magic bytes determine the format. Segments and chunks are skipped in the same way as in
    OpenCV's decoders, so that this function and OpenCV read the same header.

    :param data: (bytes,) uint8, contiguous, content of the file.
    :return: the image size, the minimum file size, and the data to decode.
    :raises ImageFileError: if the file is not JPEG, PNG or WebP, is an animation, ends within its
        header, or has so many scans, segments or chunks that decoding would be very slow.
    """
    view = data.data
    start = bytes(view[:12])
    try:
        if start.startswith(b'\xff\xd8\xff'):
            return _read_jpeg(data, view)
        if start.startswith(PNG_SIGNATURE):
            return _read_png(data, view)
        if start[:4] == b'RIFF' and start[8:] == b'WEBP':
            return _read_webp(data, view)
    except (struct.error, IndexError) as error:
        raise ImageFileError('the file ends in its header') from error
    raise ImageFileError(
        f'the first bytes are {quoted(start)}, not those of a JPEG, PNG or WebP file'
    )


def is_16_bit_png(start: bytes) -> bool:
    """
    Check whether a file is a PNG file with 16-bit values.

    :param start: the first PNG_START bytes of the file.
    """
    return len(start) == PNG_START and start.startswith(PNG_SIGNATURE) and start[-1] == 16


def _read_jpeg(data: np.ndarray, view: memoryview) -> ImageFile:
    """Read the first frame header of a JPEG file; libjpeg rejects a second frame header."""
    file, multiple, scans, place = None, False, 0, 2
    for _ in range(MOST_PARTS):
        found = MARKER.search(view, place)
        if found is None:
            break
        code = view[found.end() - 1]
        if code in (SOI, EOI):
            break
        (length,) = struct.unpack_from('>H', view, found.end())
        if length < 2:
            raise ImageFileError(f'a JPEG segment has a length of {length} bytes, not at least 2')
        place = found.end() + length
        if code in FRAMES and file is None:
            file = _read_jpeg_frame(data, view, found.end() + 2, code)
            components = view[found.end() + 7]
            multiple = code in PROGRESSIVE_FRAMES
        if code == SOS:
            if file is None:
                break
            scans += 1
            # A sequential image with all components in its first scan has no other scan.
            multiple = multiple or view[found.end() + 2] < components
            if not multiple:
                return file
            if scans > MOST_SCANS:
                raise ImageFileError(f'the JPEG file has more than {MOST_SCANS} scans')
    else:
        raise ImageFileError(f'the JPEG file has more than {MOST_PARTS} segments')
    if file is None or not scans:
        raise ImageFileError('the JPEG file has no frame header (SOF) or no scan (SOS)')
    return file


def _read_jpeg_frame(data: np.ndarray, view: memoryview, place: int, code: int) -> ImageFile:
    """
    Read a frame header of a JPEG file.

    :param data: (bytes,) uint8, content of the file.
    :param view: the same content.
    :param place: offset of the header in the file in bytes, after the length field.
    :param code: second byte of the header's marker.
    :return: the image size and the minimum file size.
    """
    height, width, components = struct.unpack_from('>xHHB', view, place)
    least_bits = 0
    if code <= LAST_HUFFMAN_FRAME:
        sampling = [view[place + 7 + 3 * one] for one in range(components)]
        least_bits = _count_blocks(height, width, [(one >> 4, one & 15) for one in sampling])
    return ImageFile(width, height, least_bits // 8, data)


def _count_blocks(height: int, width: int, sampling: list[tuple[int, int]]) -> int:
    """
    Count the 8x8 blocks of all components of a JPEG image (ITU-T T.81, A.1.1).

    Huffman coding needs at least one bit for each block.

    :param height: image height in pixels.
    :param width: image width in pixels.
    :param sampling: (horizontal, vertical) sampling factors of each component.
    :return: the number of blocks.
    """
    across, down = (max((one[axis] for one in sampling), default=0) for axis in (0, 1))
    if not across or not down:
        raise ImageFileError('the JPEG file has no component, or one without samples')
    return sum(-(-width * h // (8 * across)) * -(-height * v // (8 * down)) for h, v in sampling)


def _read_png(data: np.ndarray, view: memoryview) -> ImageFile:
    """Read the header of a PNG file, and remove the chunks that do not affect the image."""
    kind, width, height, depth, colours = struct.unpack_from('>12x4sIIBB', view)
    if kind != b'IHDR':
        raise ImageFileError(f'the first chunk of the PNG file is {quoted(kind)}, not IHDR')
    if colours not in PNG_SAMPLES or not 1 <= depth <= 16:
        raise ImageFileError(f'the PNG file has colour type {colours} of {depth} bits')
    unpacked = width * height * PNG_SAMPLES[colours] * depth // 8
    return ImageFile(width, height, unpacked // DEFLATE_RATIO, _pixel_chunks(data, view))


def _pixel_chunks(data: np.ndarray, view: memoryview) -> np.ndarray:
    """
    Remove all chunks of a PNG file except `PIXEL_CHUNKS`.

    If there is nothing to remove, the result is a view of the data.
    """
    kept, place, begin = [], len(PNG_SIGNATURE), 0
    for _ in range(MOST_PARTS):
        if place + 8 > len(view):
            break
        length, kind = struct.unpack_from('>I4s', view, place)
        end = place + 12 + length
        # OpenCV 4.14 allocates as much memory as the length field of a chunk states, up to 2 GiB.
        if end > len(view):
            raise ImageFileError(f'the PNG file ends in its chunk {quoted(kind)}')
        if kind not in PIXEL_CHUNKS:
            kept.append(data[begin:place])
            begin = end
        place = end
        if kind == b'IEND':
            break
    else:
        raise ImageFileError(f'the PNG file has more than {MOST_PARTS} chunks')
    return np.concatenate([*kept, data[begin:place]]) if kept else data[:place]


def _read_webp(data: np.ndarray, view: memoryview) -> ImageFile:
    """
    Read the header of a WebP file.

    The size is that of the only frame or of the canvas. A frame whose size differs from the size
    of the canvas is rejected by libwebp.
    """
    kind = bytes(view[12:16])
    if kind == b'VP8 ':
        start, width, height = struct.unpack_from('<23x3sHH', view)
        if start != b'\x9d\x01\x2a':
            raise ImageFileError('the VP8 data of the WebP file do not begin with a key frame')
        return ImageFile(width & 0x3FFF, height & 0x3FFF, 0, data)
    if kind == b'VP8L':
        signature, sides = struct.unpack_from('<20xBI', view)
        if signature != 0x2F:
            raise ImageFileError('the VP8L data of the WebP file have no signature')
        return ImageFile((sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1, 0, data)
    if kind == b'VP8X':
        flags, width, height = struct.unpack_from('<20xB3x3s3s', view)
        if flags & 0x02:
            raise ImageFileError('the WebP file is an animation, not one image')
        width, height = (int.from_bytes(side, 'little') + 1 for side in (width, height))
        return ImageFile(width, height, 0, data)
    raise ImageFileError(
        f'the first chunk of the WebP file is {quoted(kind)}, not VP8, VP8L or VP8X'
    )
