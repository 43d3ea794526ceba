"""The warning about 16-bit images with fewer significant bits."""

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from fer_ros.node.health.bit_depth_watch import BitDepthWatch
from fer_ros.node.health.bit_depth_watch import SEARCHED
from fer_ros.node.inputs.images import to_bgr


def image_of(values, encoding='mono16'):
    """Make a raw image message of 16-bit values."""
    height, width = values.shape
    message = Image(height=height, width=width, encoding=encoding, step=2 * width)
    message.data.frombytes(values.astype('<u2').tobytes())
    return message


def png_of(values):
    """Make a compressed image message of 16-bit values."""
    message = CompressedImage(format='mono16; png compressed mono16')
    message.data.frombytes(cv2.imencode('.png', values.astype(np.uint16))[1].tobytes())
    return message


def ramp(bits):
    """Make values that use all bits up to a number of bits."""
    return np.linspace(0, 2**bits - 1, 40 * 30).reshape(30, 40).astype(np.uint16)


class Watched:
    """A watch with the warnings that it wrote."""

    def __init__(self):
        self.warnings = []
        self.watch = BitDepthWatch(self.warnings.append)

    def see(self, message, count=SEARCHED, bit_depth=0):
        for _ in range(count):
            image = to_bgr(message, bit_depth=bit_depth)
            self.watch.see(message, image, float(image.mean()), bit_depth)
        return self.watch.proposed


@pytest.mark.parametrize('make', [image_of, png_of])
@pytest.mark.parametrize('bits', [10, 12, 14])
def test_the_log_names_the_value_to_set_once(make, bits):
    watched = Watched()

    assert watched.see(make(ramp(bits)), SEARCHED - 1) == 0
    assert watched.see(make(ramp(bits)), 50) == bits
    assert watched.warnings == [
        f'the values of 10 images use at most {bits} of 16 bits: if the camera has {bits} '
        f'significant bits, set bit_depth to {bits}'
    ]


def test_one_bright_image_among_the_first_is_enough():
    watched = Watched()

    watched.see(image_of(ramp(10)), 4)
    watched.see(image_of(ramp(12)), 1)

    assert watched.see(image_of(ramp(10)), 5) == 12


@pytest.mark.parametrize('values', [ramp(16), np.zeros((30, 40), np.uint16)])
def test_images_with_all_bits_and_black_images_raise_no_warning(values):
    watched = Watched()

    assert watched.see(image_of(values), 30) == 0
    assert watched.warnings == []


def test_images_of_8_bits_raise_no_warning():
    watched = Watched()
    message = Image(height=2, width=2, encoding='mono8', step=2)
    message.data.frombytes(bytes([1, 2, 3, 4]))

    assert watched.see(message, 30) == 0
    assert watched.warnings == []


def test_the_proposal_ends_when_the_parameter_is_set():
    watched = Watched()
    watched.see(image_of(ramp(12)))

    assert watched.see(image_of(ramp(12)), 1, bit_depth=12) == 0
    # It comes back with the cause, but the log does not repeat it.
    assert watched.see(image_of(ramp(12))) == 12
    assert len(watched.warnings) == 1


def test_the_proposal_ends_when_the_camera_uses_more_bits():
    watched = Watched()
    watched.see(image_of(ramp(10)))

    assert watched.see(image_of(ramp(16)), 1) == 0


@pytest.mark.parametrize('dark', [7, 10])
def test_a_dark_start_does_not_end_the_search(dark):
    watched = Watched()
    watched.see(image_of(np.full((30, 40), 2**dark - 1)))

    assert watched.see(image_of(ramp(12)), 2 * SEARCHED) == 12


def test_after_an_activation_the_log_names_the_value_again():
    watched = Watched()
    watched.see(image_of(ramp(12)))

    watched.watch.begin()
    watched.see(image_of(ramp(12)))

    assert len(watched.warnings) == 2
