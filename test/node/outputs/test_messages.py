import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.node.inputs.images import to_bgr
from fer_ros.node.inputs.images import working_bridge
from fer_ros.node.outputs.messages import to_compressed_message
from fer_ros.node.outputs.messages import to_detection_array
from fer_ros.node.outputs.messages import to_image_message
from fer_ros.node.outputs.messages import to_label_info
from fer_ros.perception.faces import Face
from fer_ros.perception.images import ImageError

LABELS = ('happy', 'sad', 'neutral')


def header(seconds=12, nanoseconds=345, frame='camera'):
    made = Header(frame_id=frame)
    made.stamp.sec, made.stamp.nanosec = seconds, nanoseconds
    return made


def face(probabilities=(0.2, 0.7, 0.1), emotion='sad', id_=4):
    # The pipeline returns NumPy numbers, which must be converted for a message field.
    box = tuple(np.float32([10, 20, 50, 80]))
    return Face(id_, box, np.float32(0.9), np.array(probabilities), emotion)


def results_of(message):
    return [(one.hypothesis.class_id, one.hypothesis.score) for one in message.results]


def test_nobody_gives_an_empty_list_with_the_header():
    message = to_detection_array(header(), [], LABELS)

    assert message.header == header()
    assert len(message.detections) == 0


def test_a_face_has_its_id_its_box_and_the_images_header():
    (message,) = to_detection_array(header(), [face()], LABELS).detections

    assert message.header == header()
    assert message.id == '4'
    assert (message.bbox.center.position.x, message.bbox.center.position.y) == (30, 50)
    assert (message.bbox.size_x, message.bbox.size_y) == (40, 60)
    assert message.bbox.center.theta == 0


def test_a_face_without_a_position_has_minus_one_as_its_first_covariance():
    (message,) = to_detection_array(header(), [face()], LABELS).detections

    assert message.results[0].pose.covariance[0] == -1
    assert not np.any(message.results[0].pose.covariance[1:])


def test_the_whole_distribution_stands_best_first():
    (message,) = to_detection_array(header(), [face()], LABELS).detections

    assert results_of(message) == [('sad', 0.7), ('happy', 0.2), ('neutral', 0.1)]


def test_uncertain_stands_before_a_distribution_that_still_sums_to_one():
    found = face((0.3, 0.36, 0.34), 'uncertain')

    (message,) = to_detection_array(header(), [found], LABELS).detections

    results = results_of(message)
    assert results[0] == ('uncertain', pytest.approx(0.64))
    assert [name for name, _ in results[1:]] == ['sad', 'neutral', 'happy']
    assert sum(score for _, score in results[1:]) == pytest.approx(1)


def test_what_was_decided_stands_first_until_the_new_emotion_has_lasted():
    (message,) = to_detection_array(header(), [face(emotion='happy')], LABELS).detections

    assert [name for name, _ in results_of(message)] == ['happy', 'sad', 'neutral']


def test_many_faces_keep_their_order():
    message = to_detection_array(header(), [face(id_=number) for number in (2, 5, 11)], LABELS)

    assert [found.id for found in message.detections] == ['2', '5', '11']


def test_the_labels_are_told_in_the_models_order():
    message = to_label_info(header(), LABELS, 0.4)

    assert [(one.class_id, one.class_name) for one in message.class_map] == [
        (0, 'happy'),
        (1, 'sad'),
        (2, 'neutral'),
    ]
    assert message.threshold == pytest.approx(0.4)


def test_an_image_goes_into_a_message_and_out_again():
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)

    # A view with reversed rows is not contiguous in memory.
    message = to_image_message(header(), image[::-1])

    assert (message.height, message.width, message.step) == (5, 7, 21)
    assert message.encoding == 'bgr8'
    assert message.header == header()
    assert (to_bgr(message) == image[::-1]).all()


def test_a_compressed_image_says_what_it_is():
    message = to_compressed_message(header(), np.uint8([255, 216, 255]))

    assert bytes(message.data) == b'\xff\xd8\xff'
    assert message.format == 'bgr8; jpeg compressed bgr8'


def test_a_broken_image_message_is_refused_in_a_sentence():
    with pytest.raises(ImageError, match='the data are 0 bytes, not 12'):
        to_bgr(Image(height=2, width=2, encoding='bgr8', step=6))


class Bridge:
    """A stand-in for cv_bridge that returns a predefined result."""

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
    # cv_bridge would shift each row by the padding, because the padding is not a whole pixel.
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
