"""The formats of pictures that people have."""

import cv2
import numpy as np
from own_data import labels_by_brightness
from own_data import write_folders
from PIL import features
from PIL import Image
import pytest

from training.data.reading.forms import read_data


def pillow(suffix, mode='L', **options):
    def save(path, image):
        Image.fromarray(image).convert(mode).save(path.with_suffix(suffix), **options)

    return save


def opencv(suffix, change):
    return lambda path, image: cv2.imwrite(str(path.with_suffix(suffix)), change(image))


FORMATS = {
    'jfif': pillow('.jfif', format='JPEG', quality=95),
    'gif': pillow('.gif'),
    'capital': pillow('.JPG', quality=95),
    'wrong_suffix': pillow('.png', format='JPEG', quality=95),
    'cmyk': pillow('.jpg', 'CMYK', quality=95),
    'alpha': pillow('.png', 'RGBA'),
    'palette': pillow('.png', 'P'),
    'bitmap': pillow('.dib'),
    'jpeg_2000': pillow('.jp2'),
    'ppm': pillow('.ppm', 'RGB'),
    'no_suffix': lambda path, image: path.with_suffix('').write_bytes(
        cv2.imencode('.png', image)[1].tobytes()
    ),
    'float_1': opencv('.tif', lambda image: np.float32(image) / 255),
    'float_255': opencv('.tif', np.float32),
    'ten_bits': opencv('.png', lambda image: np.uint16(image) << 2),
    'twelve_bits': opencv('.tiff', lambda image: np.uint16(image) << 4),
    'eight_bits_of_16': opencv('.png', np.uint16),
    'colours_of_12_bits': opencv('.png', lambda image: cv2.merge([np.uint16(image) << 4] * 3)),
    'colours_of_12_bits_tiff': opencv(
        '.tif', lambda image: cv2.merge([np.uint16(image) << 4] * 3)
    ),
    'radiance': opencv('.pfm', lambda image: np.float32(image) / 255),
}
if features.check('avif'):
    FORMATS['avif'] = pillow('.avif', quality=95)


@pytest.mark.parametrize('name', FORMATS)
def test_every_format_has_its_brightness(tmp_path, name):
    data = read_data(write_folders(tmp_path, count=1, save=FORMATS[name]))

    assert data.skipped == {}
    assert len(data) == 14
    # The scale from 1023 to 255 is not exactly 4.
    found = data.images.mean(axis=(1, 2))
    assert np.abs(found - (42 + 30 * data.labels)).max() < 3


def test_the_range_of_all_pictures_counts_and_is_reported(tmp_path, capsys):
    data = read_data(write_folders(tmp_path, count=1, save=FORMATS['twelve_bits']))

    assert data.labels.tolist() == labels_by_brightness(data.images)
    assert '0 becomes black, and 4095 white' in capsys.readouterr().err


def test_values_of_a_narrow_range_are_stretched(tmp_path):
    thermal = opencv('.png', lambda image: 29000 + np.uint16(image))

    data = read_data(write_folders(tmp_path, count=1, save=thermal))

    assert (data.images.min(), data.images.max()) == (0, 255)


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_and_named(tmp_path, value):
    write_folders(tmp_path, count=1, save=FORMATS['float_1'])
    cv2.imwrite(str(tmp_path / 'train/sad/0.tif'), np.full((48, 48), value, np.float32))

    assert read_data(tmp_path).skipped == {
        'the picture has values that are not finite': ['train/sad/0.tif']
    }


def test_a_picture_of_a_phone_says_what_to_do(tmp_path):
    write_folders(tmp_path)
    heic = b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(500)
    (tmp_path / 'train' / 'sad' / 'IMG_1.HEIC').write_bytes(heic)

    assert read_data(tmp_path).skipped == {
        'the format is HEIC; save the picture as JPEG or PNG': ['train/sad/IMG_1.HEIC']
    }
