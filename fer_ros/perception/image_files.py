"""From the bytes of a JPEG, PNG or WebP file to the size of its image, before it is decoded."""

from __future__ import annotations

from dataclasses import dataclass
import re
import struct

import numpy as np

from fer_ros.perception.quoting import quoted

PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'

# Chunks of a PNG file that a decoded image depends on; eXIf holds its rotation.  All others are
# removed: libpng unpacks each compressed text to up to 8 MB, and a file may hold 1000 of them.
PIXEL_CHUNKS = (b'IHDR', b'PLTE', b'tRNS', b'eXIf', b'IDAT', b'IEND')

# Samples of a pixel for each colour type of PNG (ISO/IEC 15948, table 11.1).
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

# Deflate repeats at most 258 bytes by two codes of at least one bit each (RFC 1951, 3.2.5).
DEFLATE_RATIO = 258 * 8 // 2

# A marker of JPEG.  Stuffed zeros, fill bytes, RSTn and TEM are left out, because no length
# follows them (ITU-T T.81, B.1.1).  Bytes in front of a marker are skipped, as libjpeg does.
MARKER = re.compile(rb'\xff[^\x00\x01\xd0-\xd7\xff]')
SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
# SOF0 to SOF15, without DHT, JPG and DAC.  The first eight use Huffman coding.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
LAST_HUFFMAN_FRAME = 0xC7
PROGRESSIVE_FRAMES = (0xC2, 0xCA)

# libjpeg processes the whole image for each scan, even if the scan has few bytes.  Encoders write
# about ten scans, at most 18 (libjpeg's jpeg_simple_progression for four components).
MOST_SCANS = 64

# Segments or chunks of a file: a colour profile has at most 255, pixels of PNG one per 8 KiB.
MOST_PARTS = 20_000


class ImageFileError(ValueError):
    """A file that must not be decoded; the message is the reason."""


@dataclass(frozen=True)
class ImageFile:
    """
    A file with one image, not decoded.

    :param width: of the image in pixels, as the file stores it, before any rotation by EXIF.
    :param height: in pixels.
    :param least_size: bytes that an image of this size needs at least in this format.
    :param data: (bytes,) uint8, the file without chunks that do not change the image.
    """

    width: int
    height: int
    least_size: int
    data: np.ndarray


def read_image_file(data: np.ndarray) -> ImageFile:
    """
    Read the size of a compressed image from its header.

    The format is recognised by its magic bytes.  Parts are skipped in the way that OpenCV's
    decoders skip them, so that both read the same header.

    :param data: (bytes,) uint8, contiguous, the file.
    :raises ImageFileError: if the file is no JPEG, PNG or WebP, or an animation, or if it ends
        in its header, or if decoding takes far longer than its pixels account for.
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


def _read_jpeg(data: np.ndarray, view: memoryview) -> ImageFile:
    """Read the first frame header of a JPEG file; libjpeg refuses a second one."""
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
            # A sequential image with all components in its first scan has no second one.
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

    :param place: of the header in the file, behind its length.
    :param code: of its marker.
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

    :param sampling: of each component, across and down.
    """
    across, down = (max((one[axis] for one in sampling), default=0) for axis in (0, 1))
    if not across or not down:
        raise ImageFileError('the JPEG file has no component, or one without samples')
    return sum(-(-width * h // (8 * across)) * -(-height * v // (8 * down)) for h, v in sampling)


def _read_png(data: np.ndarray, view: memoryview) -> ImageFile:
    """Read the header of a PNG file, and remove the chunks that do not change its image."""
    kind, width, height, depth, colours = struct.unpack_from('>12x4sIIBB', view)
    if kind != b'IHDR':
        raise ImageFileError(f'the first chunk of the PNG file is {quoted(kind)}, not IHDR')
    if colours not in PNG_SAMPLES or not 1 <= depth <= 16:
        raise ImageFileError(f'the PNG file has colour type {colours} of {depth} bits')
    unpacked = width * height * PNG_SAMPLES[colours] * depth // 8
    return ImageFile(width, height, unpacked // DEFLATE_RATIO, _pixel_chunks(data, view))


def _pixel_chunks(data: np.ndarray, view: memoryview) -> np.ndarray:
    """Remove all chunks of a PNG file but `PIXEL_CHUNKS`; a file without others is not copied."""
    kept, place, begin = [], len(PNG_SIGNATURE), 0
    for _ in range(MOST_PARTS):
        if place + 8 > len(view):
            break
        length, kind = struct.unpack_from('>I4s', view, place)
        end = place + 12 + length
        # OpenCV 4.14 fills as much memory as the length of a chunk states, up to 2 GiB.
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
    Read the header of a WebP file: of its only frame, or of the canvas.

    libwebp refuses a frame of another size than the canvas.
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
