import struct
import zlib

import cv2
import numpy as np
import pytest

from fer_ros.perception.images.image_files import ImageFileError
from fer_ros.perception.images.image_files import read_image_file

HEIGHT, WIDTH = 300, 20
# A gray gradient, so that no two rows are equal.
IMAGE = np.linspace(0, 255, HEIGHT * WIDTH * 3, dtype=np.uint8).reshape(HEIGHT, WIDTH, 3)


def encoded(ending, *parameters, image=IMAGE):
    return cv2.imencode(ending, image, parameters)[1].tobytes()


JPEG = encoded('.jpg')
PROGRESSIVE = encoded('.jpg', cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
PNG = encoded('.png')
WEBP = encoded('.webp', cv2.IMWRITE_WEBP_QUALITY, 80)
LOSSLESS = encoded('.webp', cv2.IMWRITE_WEBP_QUALITY, 101)


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack('>H', 2 + len(content)) + content


def chunk(kind, content):
    checksum = zlib.crc32(kind + content)
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', checksum)


def extended(flags, *chunks, width=WIDTH, height=HEIGHT):
    """Create a WebP file of the extended format."""
    sides = (width - 1).to_bytes(3, 'little') + (height - 1).to_bytes(3, 'little')
    content = b'WEBP' + riff(b'VP8X', bytes([flags, 0, 0, 0]) + sides) + b''.join(chunks)
    return riff(b'RIFF', content)


def riff(kind, content):
    return kind + struct.pack('<I', len(content)) + content + b'\0' * (len(content) % 2)


def after_soi(file, *parts):
    return file[:2] + b''.join(parts) + file[2:]


def after_ihdr(file, *parts):
    return file[:33] + b''.join(parts) + file[33:]


def read(file):
    return read_image_file(np.frombuffer(file, np.uint8))


def decode(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


SMALL = encoded('.jpg', image=IMAGE[:8, :8])

HONEST = {
    'JPEG': JPEG,
    'progressive JPEG': PROGRESSIVE,
    'gray JPEG': encoded('.jpg', image=IMAGE[:, :, 0]),
    'JPEG with restarts': encoded('.jpg', cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
    'JPEG with a thumbnail': after_soi(JPEG, segment(0xE1, b'Exif\0\0' + SMALL)),
    'JPEG with fill bytes': JPEG[:2] + b'\xff' * 9 + JPEG[2:],
    'JPEG with bytes between segments': after_soi(JPEG, segment(0xFE, b'a comment'), b'\0\0\0'),
    'JPEG with bytes at its end': JPEG + b'\0' * 9 + SMALL,
    'PNG': PNG,
    'PNG of 16 bits': encoded('.png', image=IMAGE.astype(np.uint16) * 257),
    'gray PNG': encoded('.png', image=IMAGE[:, :, 0]),
    'PNG of two colours': encoded('.png', cv2.IMWRITE_PNG_BILEVEL, 1, image=IMAGE[:, :, 0]),
    'PNG with a text': after_ihdr(PNG, chunk(b'tEXt', b'Comment\0IHDR')),
    'PNG with bytes at its end': PNG + PNG,
    'WebP': WEBP,
    'lossless WebP': LOSSLESS,
    'extended WebP': extended(0, WEBP[12:]),
    'extended lossless WebP': extended(0x10, LOSSLESS[12:]),
}


@pytest.mark.parametrize('name', HONEST)
def test_the_size_is_that_of_the_decoded_image(name):
    file = read(HONEST[name])

    assert (file.width, file.height) == (WIDTH, HEIGHT)
    assert file.least_size <= len(HONEST[name])
    assert (decode(file.data) == decode(HONEST[name])).all()


@pytest.mark.parametrize('file', [JPEG, PROGRESSIVE, WEBP, LOSSLESS])
def test_the_size_of_half_a_file_is_that_of_the_whole(file):
    half = read(file[: len(file) // 2])

    assert (half.width, half.height) == (WIDTH, HEIGHT)
    assert half.data.tobytes() == file[: len(file) // 2]


NO_IMAGES = {
    'nothing': (b'', 'first bytes'),
    'GIF': (b'GIF89a\xff\xff\xff\xff' + bytes(25), 'first bytes'),
    'BMP': (encoded('.bmp'), 'first bytes'),
    'TIFF': (encoded('.tiff'), 'first bytes'),
    'PPM': (encoded('.ppm'), 'first bytes'),
    'JPEG 2000': (b'\0\0\0\x0cjP  \r\n\x87\n' + bytes(40), 'first bytes'),
    'RIFF of sounds': (riff(b'RIFF', b'WAVE' + bytes(40)), 'first bytes'),
    'start of a JPEG': (JPEG[:3], 'no frame header'),
    'JPEG without a frame': (after_soi(JPEG, segment(0xDA, b'')), 'no frame header'),
    'JPEG without a scan': (JPEG[: JPEG.index(b'\xff\xda')], 'no scan'),
    'JPEG with two starts': (after_soi(JPEG, b'\xff\xd8'), 'no frame header'),
    'JPEG with an empty segment': (after_soi(JPEG, b'\xff\xe0\0\1'), 'length of 1 bytes'),
    'JPEG cut in its frame': (JPEG[: JPEG.index(b'\xff\xc0') + 9], 'ends in its header'),
    'JPEG without components': (
        after_soi(JPEG, segment(0xC0, struct.pack('>BHHB', 8, 9, 9, 0))),
        'no component',
    ),
    'JPEG with countless segments': (after_soi(JPEG, segment(0xE0, b'') * 30_000), 'segments'),
    'start of a PNG': (PNG[:20], 'ends in its header'),
    'PNG without IHDR': (PNG[:8] + chunk(b'tEXt', b'a\0b' * 9) + PNG[8:], 'not IHDR'),
    'PNG of an unknown colour type': (PNG[:25] + b'\5' + PNG[26:], 'colour type 5'),
    'PNG with countless chunks': (after_ihdr(PNG, chunk(b'tEXt', b'') * 30_000), 'chunks'),
    'half a PNG': (PNG[: len(PNG) // 2], "ends in its chunk b'IDAT'"),
    'PNG with a chunk of 2 GiB': (PNG[:33] + b'\x7f' + PNG[34:], 'ends in its chunk'),
    'start of a WebP': (WEBP[:12], 'first chunk'),
    'WebP cut in its header': (WEBP[:28], 'ends in its header'),
    'lossless WebP cut in its header': (LOSSLESS[:24], 'ends in its header'),
    'extended WebP cut in its header': (extended(0)[:29], 'ends in its header'),
    'WebP without a key frame': (WEBP[:23] + b'\0' + WEBP[24:], 'key frame'),
    'lossless WebP without a signature': (LOSSLESS[:20] + b'\0' + LOSSLESS[21:], 'no signature'),
    'WebP without a frame': (riff(b'RIFF', b'WEBP' + riff(b'EXIF', bytes(40))), 'first chunk'),
    'animated WebP': (extended(2, WEBP[12:]), 'animation'),
}


@pytest.mark.parametrize('name', NO_IMAGES)
def test_a_file_that_is_not_decoded_is_refused_with_a_reason(name):
    file, sentence = NO_IMAGES[name]

    with pytest.raises(ImageFileError, match=sentence):
        read(file)


def test_the_first_frame_header_of_a_jpeg_file_decides():
    small = segment(0xC0, struct.pack('>BHHB', 8, 8, 8, 1) + bytes([1, 0x11, 0]))
    place = JPEG.index(b'\xff\xda')
    file = JPEG[:place] + small + JPEG[place:]

    assert (read(file).width, read(file).height) == (WIDTH, HEIGHT)
    assert decode(file) is None


def test_a_webp_file_whose_frame_is_larger_than_its_canvas_is_not_decoded():
    assert decode(read(extended(0, WEBP[12:], width=8, height=8)).data) is None


def scans(file):
    """Split a progressive JPEG file into its header and its scans."""
    parts = file[:-2].split(b'\xff\xda')
    return parts[0], [b'\xff\xda' + scan for scan in parts[1:]]


def test_a_progressive_jpeg_with_countless_scans_is_refused():
    head, parts = scans(PROGRESSIVE)
    least = head + b''.join(parts)

    assert read(least + parts[-1] * (64 - len(parts)) + b'\xff\xd9').width == WIDTH
    with pytest.raises(ImageFileError, match='more than 64 scans'):
        read(least + parts[-1] * (65 - len(parts)) + b'\xff\xd9')


def test_a_sequential_jpeg_with_countless_scans_is_refused():
    place = JPEG.index(b'\xff\xda')
    scan = segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + b'\0'

    with pytest.raises(ImageFileError, match='more than 64 scans'):
        read(JPEG[:place] + scan * 65 + b'\xff\xd9')


def test_thumbnails_and_bytes_behind_a_jpeg_are_no_scans():
    hidden = segment(0xE1, SMALL * 9)

    assert read(after_soi(PROGRESSIVE, *[hidden] * 9) + SMALL * 99).width == WIDTH


def test_chunks_of_a_png_file_that_do_not_change_the_image_are_removed():
    text = chunk(b'zTXt', b'Comment\0\0' + zlib.compress(bytes(1000)))
    animation = chunk(b'acTL', bytes([0, 0, 0, 2, 0, 0, 0, 0]))
    rotation = chunk(b'eXIf', b'II*\0')
    file = after_ihdr(PNG, text, rotation, animation, text)[:-12] + text + PNG[-12:] + text

    assert read(file).data.tobytes() == after_ihdr(PNG, rotation)


def test_a_png_file_of_pixels_alone_is_not_copied():
    data = np.frombuffer(PNG, np.uint8)

    assert np.shares_memory(read_image_file(data).data, data)


@pytest.mark.parametrize('quality', [1, 100])
@pytest.mark.parametrize('colour', [0, 128, 255])
@pytest.mark.parametrize('optimized', [0, 1])
def test_a_jpeg_of_one_colour_is_longer_than_the_least_size(quality, colour, optimized):
    flat = np.full((1000, 1000, 3), colour, np.uint8)
    for progressive in (0, 1):
        file = encoded(
            '.jpg',
            cv2.IMWRITE_JPEG_QUALITY,
            quality,
            cv2.IMWRITE_JPEG_OPTIMIZE,
            optimized,
            cv2.IMWRITE_JPEG_PROGRESSIVE,
            progressive,
            image=flat,
        )
        assert 15625 // 8 <= read(file).least_size < len(file)


@pytest.mark.parametrize('image', [np.zeros((4000, 4000, 3), np.uint8), np.zeros((4000, 4000))])
def test_a_png_of_one_colour_is_longer_than_the_least_size(image):
    file = encoded('.png', cv2.IMWRITE_PNG_COMPRESSION, 9, image=image.astype(np.uint8))

    assert image.size // 1032 == read(file).least_size < len(file)
