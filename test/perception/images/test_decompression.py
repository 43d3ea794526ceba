import struct
import zlib

import cv2
import numpy as np
import pytest

from encoded import GRAY
from encoded import HEIGHT
from encoded import PICTURE
from encoded import ROWS
from encoded import WIDTH
from fer_ros.perception.images.decoding import decompress_image
from fer_ros.perception.images.decoding import ImageError


@pytest.mark.parametrize('rows', [PICTURE, GRAY])
@pytest.mark.parametrize('bits', [10, 12, 14])
def test_a_png_with_fewer_significant_bits_is_as_bright_as_with_all(rows, bits):
    _, data = cv2.imencode('.png', (rows.astype(np.uint16) * 257) >> (16 - bits))

    decoded = decompress_image(data, 'mono16; png compressed mono16', bits)

    plain = rows if rows.ndim == 3 else cv2.cvtColor(rows, cv2.COLOR_GRAY2BGR)
    assert cv2.absdiff(decoded, plain).max() <= 1
    assert decompress_image(data, 'mono16; png compressed mono16').max() <= 64


@pytest.mark.parametrize(
    'format_name',
    [
        '16UC1; png compressed',
        '16UC1; png compressed ',
        '16UC1;png compressed 16UC1',
        ' 16uc1 ; jpeg compressed',
        '16UC1',
        '32FC1; png compressed',
        '64FC1; png compressed',
        '16SC1; png compressed',
    ],
)
def test_depth_over_the_compressed_topic_is_refused_before_it_is_decoded(format_name, monkeypatch):
    _, data = cv2.imencode('.png', np.full((HEIGHT, WIDTH), 1500, np.uint16))
    monkeypatch.setattr(cv2, 'imdecode', None)

    with pytest.raises(ImageError, match='which depth cameras use') as refusal:
        decompress_image(data, format_name)

    infrared = '16UC1' in format_name.upper()
    assert ('set bit_depth' in str(refusal.value)) == infrared
    assert len(f'image dropped (1000000 so far): {refusal.value}') < 300


def test_an_infrared_image_over_the_compressed_topic_needs_a_bit_depth():
    _, data = cv2.imencode('.png', ROWS['mono16'] >> 4)

    decoded = decompress_image(data, '16UC1; png compressed', 12)

    assert cv2.absdiff(decoded, cv2.cvtColor(GRAY, cv2.COLOR_GRAY2BGR)).max() <= 1
    with pytest.raises(ImageError):
        decompress_image(data, '32FC1; png compressed', 12)


@pytest.mark.parametrize(
    'format_name',
    ['', 'png', 'jpeg', '8UC3; png compressed bgr8', '8UC1; png compressed', 'rgb8; jpeg', ';'],
)
def test_the_formats_of_colour_and_gray_images_are_accepted(format_name):
    _, data = cv2.imencode('.png', PICTURE)

    assert (decompress_image(data, format_name) == PICTURE).all()


@pytest.mark.parametrize('ending', ['.png', '.jpg', '.webp'])
def test_the_bit_depth_does_not_change_compressed_images_of_8_bits(ending):
    _, data = cv2.imencode(ending, PICTURE)

    assert (decompress_image(data, 'jpeg', 12) == decompress_image(data, 'jpeg')).all()


@pytest.mark.parametrize('ending', ['.png', '.jpg', '.webp'])
def test_a_compressed_image_comes_out_as_it_was(ending):
    _, data = cv2.imencode(ending, PICTURE)

    decoded = decompress_image(data, 'bgr8; jpeg compressed bgr8')

    assert np.median(cv2.absdiff(decoded, PICTURE)) <= 2


def test_a_compressed_gray_image_becomes_bgr():
    _, data = cv2.imencode('.png', GRAY)

    assert decompress_image(data, 'mono8; png compressed ').shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    ('data', 'format_name', 'sentence'),
    [
        (b'', 'jpeg', "no image in 0 bytes of format 'jpeg'"),
        (b'\xff\xd8\xff nonsense', 'jpeg', "no image in 12 bytes of format 'jpeg'"),
        (b'12345678', '16UC1; compressedDepth png', "Depth png', which depth cameras use"),
        (b'12345678', '32fc1; compresseddepth rvl', 'which depth cameras use'),
    ],
)
def test_what_is_no_compressed_image_is_refused_in_a_sentence(data, format_name, sentence):
    with pytest.raises(ImageError, match=sentence):
        decompress_image(np.frombuffer(data, np.uint8), format_name)


@pytest.mark.parametrize('ending', ['.png', '.jpg', '.webp'])
@pytest.mark.parametrize('sides', [(1, 8193), (8193, 1)])
def test_a_compressed_image_with_too_long_a_side_is_refused_before_it_is_decoded(
    ending, sides, monkeypatch
):
    _, data = cv2.imencode(ending, np.zeros(sides, np.uint8))
    monkeypatch.setattr(cv2, 'imdecode', None)

    sentence = f'{sides[1]}x{sides[0]}, but must be at most 8192 pixels a side'
    with pytest.raises(ImageError, match=sentence):
        decompress_image(data, 'jpeg')


def test_a_compressed_image_with_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch):
    _, data = cv2.imencode('.png', np.zeros((5000, 8001), np.uint8))
    monkeypatch.setattr(cv2, 'imdecode', None)

    with pytest.raises(ImageError, match='8001x5000, but must be at most 40 megapixels'):
        decompress_image(data, 'png')


def short_png():
    """Create a PNG file of 6000x6000 pixels whose compressed data are far too short."""

    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', crc)

    header = chunk(b'IHDR', struct.pack('>IIBBBBB', 6000, 6000, 8, 0, 0, 0, 0))
    pixels = chunk(b'IDAT', zlib.compress(bytes(100)))
    return b'\x89PNG\r\n\x1a\n' + header + pixels + chunk(b'IEND', b'')


def short_jpeg():
    """Create a truncated JPEG file of 6000x6000 pixels."""
    return cv2.imencode('.jpg', np.zeros((6000, 6000), np.uint8))[1][:4000].tobytes()


@pytest.mark.parametrize('make', [short_png, short_jpeg])
def test_a_file_that_is_too_short_for_its_pixels_is_refused_before_it_is_decoded(
    make, monkeypatch
):
    data = np.frombuffer(make(), np.uint8)
    monkeypatch.setattr(cv2, 'imdecode', None)

    with pytest.raises(ImageError, match='6000x6000 pixels need at least'):
        decompress_image(data, 'jpeg')


def test_a_png_file_that_ends_within_a_chunk_is_refused_before_it_is_decoded(monkeypatch):
    _, data = cv2.imencode('.png', np.zeros((6000, 6000), np.uint8))
    monkeypatch.setattr(cv2, 'imdecode', None)

    with pytest.raises(ImageError, match="ends in its chunk b'IDAT'"):
        decompress_image(data[:4000], 'png')


def test_a_decoded_image_of_another_size_than_its_header_is_refused(monkeypatch):
    _, data = cv2.imencode('.png', PICTURE)
    monkeypatch.setattr(cv2, 'imdecode', lambda *_: PICTURE[1:])

    with pytest.raises(ImageError, match='states 32x24 pixels, but OpenCV decoded 32x23'):
        decompress_image(data, 'png')


def exif(orientation):
    """Create the EXIF data of a JPEG file with only an orientation."""
    entry = struct.pack('<HHHIHHI', 1, 0x0112, 3, 1, orientation, 0, 0)
    return b'Exif\0\0II*\0\x08\0\0\0' + entry


def test_a_rotation_by_exif_is_applied():
    data = cv2.imencode('.jpg', PICTURE)[1].tobytes()
    segment = exif(6)
    rotated = data[:2] + b'\xff\xe1' + struct.pack('>H', 2 + len(segment)) + segment + data[2:]

    decoded = decompress_image(np.frombuffer(rotated, np.uint8), 'jpeg')

    expected_image = cv2.rotate(PICTURE, cv2.ROTATE_90_CLOCKWISE)
    assert decoded.shape == expected_image.shape
    assert np.median(cv2.absdiff(decoded, expected_image)) <= 2
