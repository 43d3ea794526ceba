import numpy as np

from fer_ros.messages.images import to_compressed_message
from fer_ros.messages.images import to_image_message


def test_an_image_is_told_as_bgr8_row_by_row(types, header):
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)

    # A view with its rows turned round lies scattered in memory.
    message = to_image_message(types, header(), image[::-1])

    assert (message.height, message.width, message.step) == (5, 7, 21)
    assert message.encoding == 'bgr8'
    assert message.header == header()
    assert bytes(message.data) == image[::-1].tobytes()


def test_a_compressed_image_says_what_it_is(types, header):
    message = to_compressed_message(types, header(), np.uint8([255, 216, 255]))

    assert bytes(message.data) == b'\xff\xd8\xff'
    assert message.format == 'bgr8; jpeg compressed bgr8'
