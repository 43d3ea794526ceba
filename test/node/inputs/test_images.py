import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.messages.images import to_image_message
from fer_ros.node.inputs.images import to_bgr
from fer_ros.node.inputs.images import working_bridge
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.images.decoding import ImageError


def test_an_image_goes_into_a_message_and_out_again():
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)

    message = to_image_message(MESSAGE_TYPES, Header(), image[::-1])

    assert (to_bgr(message) == image[::-1]).all()


def test_a_broken_image_message_is_refused_in_a_sentence():
    with pytest.raises(ImageError, match='the data are 0 bytes, but must be at least 12'):
        to_bgr(Image(height=2, width=2, encoding='bgr8', step=6))


class Bridge:
    """A cv_bridge that answers with what it is told to."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = 0

    def imgmsg_to_cv2(self, message, desired_encoding):
        self.asked += 1
        assert desired_encoding == 'bgr8'
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def rgb_message():
    message = Image(height=1, width=2, encoding='rgb8', step=6)
    message.data.frombytes(bytes([1, 2, 3, 4, 5, 6]))
    return message


def test_cv_bridge_converts_where_it_works():
    converted = np.uint8([[[3, 2, 1], [6, 5, 4]]])
    bridge = Bridge(converted)

    assert to_bgr(rgb_message(), bridge) is converted
    assert bridge.asked == 1


def test_where_cv_bridge_fails_the_own_way_gives_the_same():
    bridge = Bridge(RuntimeError('no such conversion'))

    assert to_bgr(rgb_message(), bridge).tolist() == [[[3, 2, 1], [6, 5, 4]]]


def test_rows_that_are_not_whole_pixels_apart_never_reach_cv_bridge():
    # It would shear them: see the first line of each row move by the rest of a pixel.
    message = Image(height=2, width=1, encoding='rgb8', step=4)
    message.data.frombytes(bytes([1, 2, 3, 0, 4, 5, 6, 0]))
    bridge = Bridge(np.zeros((2, 1, 3), np.uint8))

    assert to_bgr(message, bridge).tolist() == [[[3, 2, 1]], [[6, 5, 4]]]
    assert bridge.asked == 0


def test_a_broken_image_never_reaches_cv_bridge():
    bridge = Bridge(np.zeros((1, 1, 3), np.uint8))

    with pytest.raises(ImageError):
        to_bgr(Image(height=2, width=2, encoding='rgb8', step=6), bridge)
    assert bridge.asked == 0


@pytest.mark.parametrize(
    ('answer', 'reason'),
    [
        (AttributeError('_ARRAY_API not found'), '_ARRAY_API not found'),
        (np.zeros((2, 2, 3), np.uint8), 'padded rgb8 image is wrong'),
        (np.zeros((2, 2), np.uint8), 'padded rgb8 image is wrong'),
    ],
)
def test_a_cv_bridge_that_does_not_work_is_not_used(monkeypatch, answer, reason):
    module = type('module', (), {'CvBridge': lambda: Bridge(answer)})
    monkeypatch.setattr('fer_ros.node.inputs.images.importlib.import_module', lambda _: module)

    bridge, why = working_bridge()

    assert bridge is None
    assert reason in why
