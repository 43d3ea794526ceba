import cv2
import numpy as np
import pytest

from encoded import decode
from encoded import expected
from encoded import HEIGHT
from encoded import PICTURE
from encoded import planar
from encoded import ROWS
from encoded import WIDTH
from fer_ros.perception.images.decoding import decode_image
from fer_ros.perception.images.decoding import ImageError
from fer_ros.perception.images.encodings import ENCODINGS


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


def test_the_case_of_an_encoding_does_not_matter():
    assert (decode(PICTURE, 'BGR8') == PICTURE).all()


def test_bgr8_is_not_copied():
    data = PICTURE.reshape(-1).copy()

    decoded = decode_image(data, HEIGHT, WIDTH, 'bgr8', 3 * WIDTH, False)

    assert np.shares_memory(decoded, data)


@pytest.mark.parametrize(
    ('height', 'width', 'encoding', 'step', 'size', 'sentence'),
    [
        (2, 2, 'bgr8', 6, 11, 'the data are 11 bytes, but must be at least 12'),
        (2, 2, 'bgr8', 8, 15, 'the data are 15 bytes, but must be at least 16'),
        (2, 2, 'bgr8', 5, 12, 'the step is 5 bytes, but must be at least 6'),
        (0, 2, 'bgr8', 6, 0, 'the image is 2x0'),
        (2, 0, 'mono8', 0, 0, 'the image is 0x2'),
        (2, 2, '32FC1', 8, 16, "'32FC1', which depth cameras use, not one of bgr8, rgb8"),
        (2, 2, '16UC1', 4, 8, "'16UC1', which depth cameras use; for an infrared .* bit_depth"),
        (2, 2, 'mono12', 4, 8, "the encoding is 'mono12', not one of bgr8, rgb8"),
        (2, 2, '', 4, 8, "the encoding is ''"),
        (3, 2, 'nv12', 2, 99, 'must be even'),
        (3, 2, 'Nv12', 2, 99, 'the image is 2x3, but width and height must be even'),
        (8193, 1, 'mono8', 1, 8193, '1x8193, but must be at most 8192 pixels a side'),
        (1, 8193, 'mono8', 8193, 8193, '8193x1, but must be at most 8192 pixels a side'),
        (5000, 8001, 'mono8', 8001, 5000 * 8001, '8001x5000, but must be at most 40 megapixels'),
        (2, 3, 'yuv422', 6, 99, 'must be even'),
        (2, 3, 'nv16', 3, 99, 'the image is 3 pixels wide, but the width must be even'),
        (3, 2, 'i420', 2, 99, 'the image is 2x3, but width and height must be even'),
        (2, 2, 'yuv420', 3, 99, 'the step is 3 bytes, but must be even'),
        (
            3,
            3,
            'nv24',
            3,
            26,
            r'the data are 26 bytes, but must be at least 27 \(step 3, 9 rows\)',
        ),
        (2, 4, 'nv21', 4, 11, 'the data are 11 bytes, but must be at least 12'),
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
    with pytest.raises(ImageError, match='the data are 17 bytes, but must be at least 18'):
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
