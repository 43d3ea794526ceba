import struct
import zlib

import cv2
import numpy as np
import pytest

from fer_ros.perception.images.decoding import decode_image
from fer_ros.perception.images.decoding import decompress_image
from fer_ros.perception.images.decoding import ImageError
from fer_ros.perception.images.encodings import ENCODINGS

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


def test_every_encoding_is_tested():
    assert set(ROWS) == set(ENCODINGS)


@pytest.mark.parametrize('padding', [0, 12])
@pytest.mark.parametrize('encoding', ROWS)
def test_an_image_comes_out_as_it_was(encoding, padding):
    decoded = decode(ROWS[encoding], encoding, padding)

    assert decoded.shape == PICTURE.shape
    assert decoded.dtype == np.uint8
    difference = cv2.absdiff(decoded, expected(encoding))
    lossy = encoding.startswith(('bayer', 'yu', 'uy', 'nv', 'i420'))
    # At the borders, a Bayer pattern has no neighbours, and two pixels share one colour.
    assert np.median(difference) <= (3 if lossy else 0)
    assert difference[2:-2, 2:-2].max() <= (16 if lossy else 1)


@pytest.mark.parametrize('encoding', [name for name in ROWS if ENCODINGS[name].bits == 16])
def test_big_endian_values_are_read_as_such(encoding):
    # The lower byte is 0, so that an image with swapped bytes would be nearly black.
    rows = ROWS[encoding] & 0xFF00

    swapped = decode(rows, encoding, bigendian=True)

    assert (swapped == decode(rows, encoding)).all()
    assert cv2.absdiff(swapped, decode(ROWS[encoding], encoding)).max() <= 2


DEEP = [name for name in ROWS if ENCODINGS[name].bits == 16]


@pytest.mark.parametrize('bits', [10, 12, 14])
@pytest.mark.parametrize('encoding', DEEP)
def test_images_with_fewer_significant_bits_are_as_bright_as_with_all(encoding, bits):
    rows = ROWS[encoding] >> (16 - bits)

    decoded = decode(rows, encoding, bit_depth=bits)

    assert cv2.absdiff(decoded, decode(ROWS[encoding], encoding)).max() <= 1
    # Without the setting, the images are dark.
    assert decode(rows, encoding).max() <= 64


def test_values_above_the_bit_depth_are_white():
    rows = np.full((HEIGHT, WIDTH), 4096, '<u2')

    assert decode(rows, 'mono16', bit_depth=12).min() == 255


@pytest.mark.parametrize('encoding', [name for name in ROWS if ENCODINGS[name].bits == 8])
def test_the_bit_depth_does_not_change_images_of_8_bits(encoding):
    rows = ROWS[encoding]

    assert (decode(rows, encoding, bit_depth=10) == decode(rows, encoding)).all()


def test_the_encoding_16uc1_is_an_image_only_with_a_bit_depth():
    rows = ROWS['mono16'] >> 4

    assert (decode(rows, '16UC1', bit_depth=12) == decode(rows, 'mono16', bit_depth=12)).all()
    with pytest.raises(ImageError, match='set bit_depth to its number of significant bits'):
        decode(rows, '16UC1')


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


def test_the_case_of_an_encoding_does_not_matter():
    assert (decode(PICTURE, 'BGR8') == PICTURE).all()


def test_bgr8_is_not_copied():
    data = PICTURE.reshape(-1).copy()

    decoded = decode_image(data, HEIGHT, WIDTH, 'bgr8', 3 * WIDTH, False)

    assert np.shares_memory(decoded, data)


@pytest.mark.parametrize(
    ('height', 'width', 'encoding', 'step', 'size', 'sentence'),
    [
        (2, 2, 'bgr8', 6, 11, 'the data are 11 bytes, not 12'),
        (2, 2, 'bgr8', 8, 15, 'the data are 15 bytes, not 16'),
        (2, 2, 'bgr8', 5, 12, 'the step is 5 bytes, not at least 6'),
        (0, 2, 'bgr8', 6, 0, 'the image is 2x0'),
        (2, 0, 'mono8', 0, 0, 'the image is 0x2'),
        (2, 2, '32FC1', 8, 16, "'32FC1', which depth cameras use, not one of bgr8, rgb8"),
        (2, 2, '16UC1', 4, 8, "'16UC1', which depth cameras use; for an infrared .* bit_depth"),
        (2, 2, 'mono12', 4, 8, "the encoding is 'mono12', not one of bgr8, rgb8"),
        (2, 2, '', 4, 8, "the encoding is ''"),
        (3, 2, 'nv12', 2, 99, 'not even'),
        (3, 2, 'Nv12', 2, 99, 'the image is 2x3, not even'),
        (8193, 1, 'mono8', 1, 8193, 'the image is 1x8193, not at most 8192 pixels a side'),
        (1, 8193, 'mono8', 8193, 8193, 'the image is 8193x1, not at most 8192 pixels a side'),
        (5000, 8001, 'mono8', 8001, 5000 * 8001, '8001x5000, not at most 40 megapixels'),
        (2, 3, 'yuv422', 6, 99, 'not even'),
        (2, 3, 'nv16', 3, 99, 'the image is 3 pixels wide, not even'),
        (3, 2, 'i420', 2, 99, 'the image is 2x3, not even'),
        (2, 2, 'yuv420', 3, 99, 'the step is 3 bytes, not even'),
        (3, 3, 'nv24', 3, 26, r'the data are 26 bytes, not 27 \(step 3, 9 rows\)'),
        (2, 4, 'nv21', 4, 11, 'the data are 11 bytes, not 12'),
        (2**32 - 1, 2**32 - 1, 'rgba16', 2**32 - 1, 9, 'the step is'),
        (2**32 - 1, 1, 'mono8', 2**32 - 1, 9, 'the data are 9 bytes'),
    ],
)
def test_what_is_no_image_is_refused_in_a_sentence(height, width, encoding, step, size, sentence):
    with pytest.raises(ImageError, match=sentence):
        decode_image(np.zeros(size, np.uint8), height, width, encoding, step, False)


@pytest.mark.parametrize('encoding', ['mono12', 'bayer_rggb12', 'mono10p', 'nonsense'])
def test_a_refusal_of_an_encoding_names_all_that_are_accepted(encoding):
    with pytest.raises(ImageError) as refusal:
        decode_image(np.zeros(99, np.uint8), 2, 2, encoding, 8, False)

    sentence = str(refusal.value)
    named = sentence.split('not one of ')[1].split(', ')
    plain = [name for name in ENCODINGS if not name.startswith('bayer_')]
    assert sorted(named) == sorted([*plain, 'bayer_*8', 'bayer_*16'])
    # It fits into a line of the log and of the diagnostics.
    assert len(f'image dropped (1000000 so far): {sentence}') < 300
    assert 'face' not in sentence


@pytest.mark.parametrize(
    ('luma', 'blue', 'red', 'bgr'),
    [
        (16, 128, 128, (0, 0, 0)),
        (235, 128, 128, (255, 255, 255)),
        # ITU-R BT.601, limited range: pure blue, green and red.
        (41, 240, 110, (255, 0, 0)),
        (145, 54, 34, (0, 255, 0)),
        (81, 90, 240, (0, 0, 255)),
        # Beyond the range.
        (0, 128, 128, (0, 0, 0)),
        (255, 128, 128, (255, 255, 255)),
    ],
)
def test_nv24_and_yuv444_have_the_colours_of_bt_601(luma, blue, red, bgr):
    for encoding, step, data in (
        ('nv24', 1, [luma, blue, red]),
        ('yuv444', 1, [luma, blue, red]),
        ('yuv444', 3, [blue, luma, red]),
    ):
        decoded = decode_image(np.uint8(data), 1, 1, encoding, step, False)

        assert np.abs(decoded[0, 0].astype(int) - bgr).max() <= 2


@pytest.mark.parametrize('padding', [0, 12])
def test_yuv444_with_long_rows_has_pixels_of_u_y_and_v(padding):
    luma, blue, red = planar(HEIGHT, WIDTH)

    packed = decode(np.stack([blue, luma, red], axis=2), 'yuv444', padding)

    assert (packed == decode([luma, blue, red], 'yuv444')).all()


def test_packed_yuv444_with_too_few_data_is_refused():
    with pytest.raises(ImageError, match='the data are 17 bytes, not 18'):
        decode_image(np.zeros(17, np.uint8), 3, 2, 'yuv444', 6, False)


@pytest.mark.parametrize('encoding', ['nv24', 'nv16', 'yuv444'])
def test_planar_images_may_have_odd_sides(encoding):
    height, width = 3, 4 if encoding == 'nv16' else 5
    planes = 2 if encoding == 'nv16' else 3

    decoded = decode_image(
        np.full(height * width * planes, 128, np.uint8), height, width, encoding, width, False
    )

    assert decoded.shape == (height, width, 3)
    assert np.ptp(decoded) == 0


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_the_smallest_images_do_no_harm(encoding):
    step = 2 * ENCODINGS[encoding].pixel_bytes
    size = int(2 * ENCODINGS[encoding].planes) * step

    decoded = decode_image(np.zeros(size, np.uint8), 2, 2, encoding, step, False)

    assert decoded.shape == (2, 2, 3)


def test_an_image_of_the_largest_size_is_decoded():
    height, width = 8192, 40_000_000 // 8192
    data = np.zeros(height * width, np.uint8)

    assert decode_image(data, height, width, 'mono8', width, False).shape == (height, width, 3)


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


def test_of_ten_thousand_random_images_each_is_decoded_or_refused():
    random = np.random.default_rng(7)
    names = [*ENCODINGS, '32FC1', '16UC1', 'nonsense', '']
    sides = [0, 1, 2, 3, 5, 8, 31, 64, 255, 20000, 2**31, 2**32 - 1]
    data = random.integers(0, 256, 200_000, np.uint8)
    decoded_count = 0

    for _ in range(10_000):
        encoding = names[random.integers(len(names))]
        height, width = (sides[index] for index in random.integers(len(sides), size=2))
        known = ENCODINGS.get(encoding)
        pixel, planes = (known.pixel_bytes, known.planes) if known else (4, 1.5)
        step = int(max(0, min(2**32 - 1, width * pixel + random.integers(-4, 9))))
        size = int(min(len(data), max(0, step * height * float(planes) + random.integers(-9, 9))))
        try:
            decoded = decode_image(
                data[:size], height, width, encoding, step, bool(random.integers(2))
            )
        except ImageError:
            continue
        decoded_count += 1
        assert decoded.shape == (height, width, 3)
        assert decoded.dtype == np.uint8

    assert decoded_count > 1000


@pytest.mark.parametrize('ending', ['.png', '.jpg', '.webp'])
@pytest.mark.parametrize('sides', [(1, 8193), (8193, 1)])
def test_a_compressed_image_with_too_long_a_side_is_refused_before_it_is_decoded(
    ending, sides, monkeypatch
):
    _, data = cv2.imencode(ending, np.zeros(sides, np.uint8))
    monkeypatch.setattr(cv2, 'imdecode', None)

    with pytest.raises(ImageError, match=f'{sides[1]}x{sides[0]}, not at most 8192 pixels a side'):
        decompress_image(data, 'jpeg')


def test_a_compressed_image_with_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch):
    _, data = cv2.imencode('.png', np.zeros((5000, 8001), np.uint8))
    monkeypatch.setattr(cv2, 'imdecode', None)

    with pytest.raises(ImageError, match='8001x5000, not at most 40 megapixels'):
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


HOSTILE_TEXT = '\x1b[2J\nFATAL forged' + 'x' * 5_000_000


def test_a_hostile_encoding_is_escaped_and_cut():
    with pytest.raises(ImageError) as refusal:
        decode_image(np.zeros(12, np.uint8), 2, 2, HOSTILE_TEXT, 6, False)

    assert_is_a_short_line(str(refusal.value))


CUT_OFF = cv2.imencode('.png', PICTURE)[1][:60].tobytes()


@pytest.mark.parametrize('data', [b'', b'nonsense', b'\x1b[2J\n\n\n\n\n', CUT_OFF])
@pytest.mark.parametrize('format_name', [HOSTILE_TEXT, f'{HOSTILE_TEXT} compressedDepth'])
def test_a_hostile_format_is_escaped_and_cut(data, format_name):
    with pytest.raises(ImageError) as refusal:
        decompress_image(np.frombuffer(data, np.uint8), format_name)

    assert_is_a_short_line(str(refusal.value))


def fail(*_):
    raise cv2.error(HOSTILE_TEXT)


def test_an_error_of_decompression_becomes_a_short_line(monkeypatch):
    monkeypatch.setattr(cv2, 'imdecode', fail)
    _, data = cv2.imencode('.png', PICTURE)

    with pytest.raises(ImageError) as refusal:
        decompress_image(data, 'png')

    assert_is_a_short_line(str(refusal.value))


def test_an_error_of_conversion_becomes_a_short_line(monkeypatch):
    monkeypatch.setattr(cv2, 'cvtColor', fail)

    with pytest.raises(ImageError) as refusal:
        decode_image(np.zeros(12, np.uint8), 2, 2, 'rgb8', 6, False)

    assert_is_a_short_line(str(refusal.value))


def assert_is_a_short_line(text):
    assert text.isprintable()
    assert len(text) < 500
