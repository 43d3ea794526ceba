import cv2
import numpy as np
import pytest

from encoded import PICTURE
from fer_ros.perception.images.decoding import decode_image
from fer_ros.perception.images.decoding import decompress_image
from fer_ros.perception.images.decoding import ImageError

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
