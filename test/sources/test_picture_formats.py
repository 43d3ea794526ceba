"""The formats of picture files that the camera node reads."""

import sys

import cv2
import numpy as np
from PIL import features
from PIL import Image
import pytest

from fer_ros.sources.base import SourceError
from fer_ros.sources.opening import open_source
from fer_ros.sources.picture_files import decode_file
from gray_images import images_of
from gray_images import levels_of

# A picture with black, white and a level that identifies it.
LEVEL = 90
PICTURE = np.full((48, 64), LEVEL, np.uint8)
PICTURE[:, 0], PICTURE[:, 1] = 0, 255


def pillow(suffix, **options):
    return lambda path: (
        Image.fromarray(PICTURE).convert('RGB').save(path.with_suffix(suffix), **options)
    )


def opencv(suffix, image):
    return lambda path: cv2.imwrite(str(path.with_suffix(suffix)), image)


FORMATS = {
    'jfif': pillow('.jfif', format='JPEG'),
    'gif': pillow('.gif'),
    'dib': pillow('.dib'),
    'jpeg_2000': pillow('.jp2'),
    'ten_bits': opencv('.png', np.uint16(PICTURE) << 2),
    'twelve_bits': opencv('.tif', np.uint16(PICTURE) << 4),
    'colours_of_12_bits': opencv('.png', cv2.merge([np.uint16(PICTURE) << 4] * 3)),
    'sixteen_bits': opencv('.png', np.uint16(PICTURE) * 257),
    'float_1': opencv('.tif', np.float32(PICTURE) / 255),
    'float_255': opencv('.tif', np.float32(PICTURE)),
    'thermal': opencv('.png', 29000 + np.uint16(PICTURE)),
}
if features.check('avif'):
    FORMATS['avif'] = pillow('.avif')


@pytest.mark.parametrize('name', FORMATS)
def test_every_format_has_its_brightness(tmp_path, name):
    FORMATS[name](tmp_path / 'picture')

    (image,) = images_of(open_source(str(tmp_path), tell=lambda _: None))

    assert (image.shape, image.dtype) == ((48, 64, 3), np.uint8)
    assert abs(int(np.median(image)) - LEVEL) <= 1


@pytest.mark.parametrize('name', sorted({'gif', 'avif', 'jfif', 'jpeg_2000'} & set(FORMATS)))
def test_pillow_reads_what_a_build_of_opencv_does_not(tmp_path, monkeypatch, name):
    FORMATS[name](tmp_path / 'picture')
    monkeypatch.setattr(cv2, 'imread', lambda *_: None)
    (path,) = tmp_path.iterdir()

    assert abs(int(np.median(decode_file(path))) - LEVEL) <= 1

    monkeypatch.setitem(sys.modules, 'PIL', None)
    assert decode_file(path) is None


def test_a_dark_picture_after_a_bright_one_stays_dark(tmp_path):
    for number, level in enumerate((4000, 1000, 4000)):
        cv2.imwrite(str(tmp_path / f'{number}.png'), np.full((8, 8), level, np.uint16))

    images = images_of(open_source(str(tmp_path), tell=lambda _: None))

    assert levels_of(images) == [249, 62, 249]


def test_values_that_are_not_finite_are_refused(tmp_path):
    path = tmp_path / 'picture.tif'
    cv2.imwrite(str(path), np.full((8, 8), np.nan, np.float32))

    with pytest.raises(SourceError, match='neither OpenCV nor'):
        open_source(str(path))
