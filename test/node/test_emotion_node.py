import threading

import cv2
from diagnostic_msgs.msg import DiagnosticArray
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo

from fer_ros.messages.images import to_image_message
from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import GpuMemoryError
from fer_ros.perception.drawing.annotations import Drawing
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.settings import setting_fields
from fer_ros.perception.settings import SettingError
from graph import Inbox
from graph import wait_until
from stand_ins import ColourClassifier
from stand_ins import decisions
from stand_ins import LABELS
from stand_ins import picture
from stand_ins import send
from stand_ins import sending_all_the_time
from stand_ins import started


def set_parameters(graph, **values):
    """Set parameters through the service, like `ros2 param set`, and return the result."""
    node = graph.listener('setter')
    client = node.create_client(SetParametersAtomically, '/emotion/set_parameters_atomically')
    assert client.wait_for_service(60)
    parameters = [
        Parameter(name, value=value).to_parameter_msg() for name, value in values.items()
    ]
    answered = threading.Event()
    future = client.call_async(SetParametersAtomically.Request(parameters=parameters))
    future.add_done_callback(lambda _: answered.set())
    assert answered.wait(60)
    return future.result().result


class WatchedLock:
    """A lock that detects when a thread has to wait for it."""

    def __init__(self):
        self._lock = threading.Lock()
        self.waited_for = threading.Event()

    def __enter__(self):
        if not self._lock.acquire(blocking=False):
            self.waited_for.set()
            self._lock.acquire()

    def __exit__(self, *_):
        self._lock.release()


def test_each_image_is_answered_with_its_own_header(node, camera, emotions):
    message = send(camera, emotions, node, picture())

    assert message.header.frame_id == 'the_camera'
    assert decisions(message) == ['happy']
    assert message.detections[0].id == '1'
    assert sum(one.hypothesis.score for one in message.detections[0].results) == pytest.approx(1)


def test_an_image_without_a_face_is_answered_with_an_empty_list(node, camera, emotions):
    assert decisions(send(camera, emotions, node, picture((0, 0, 0)))) == []


def test_a_broken_image_is_counted_and_logged_and_not_answered(node, camera, emotions, capfd):
    send(camera, emotions, node, picture(seconds=1))
    broken = picture(seconds=2)
    broken.height = 1000
    depth = picture(seconds=3)
    depth.encoding = '32FC1'

    camera.publish(broken)
    wait_until(lambda: node.statistics.refused == 1)
    camera.publish(depth)
    wait_until(lambda: node.statistics.refused == 2)
    send(camera, emotions, node, picture(seconds=4))

    assert [message.header.stamp.sec for message in emotions.messages] == [1, 4]
    assert 'image rejected (1 so far)' in capfd.readouterr().err


def test_a_face_in_10_bits_is_found_with_the_bit_depth_that_the_diagnostics_name(
    graph, node, camera, emotions
):
    diagnoses = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', diagnoses, 10)
    message = Image(height=20, width=30, encoding='mono16', step=60)
    message.data.frombytes(np.full((20, 30), 900, '<u2').tobytes())
    for second in range(1, 11):
        message.header.stamp.sec = second
        assert decisions(send(camera, emotions, node, message)) == []

    diagnoses.wait_for(lambda one: 'set bit_depth to 10' in one.status[0].message)
    assert set_parameters(graph, bit_depth=10).successful
    message.header.stamp.sec = 11
    answer = send(camera, emotions, node, message)

    assert len(answer.detections) == 1
    message.encoding = '16UC1'
    message.header.stamp.sec = 12
    assert len(send(camera, emotions, node, message).detections) == 1


@pytest.mark.parametrize(
    'values', [{'backend': 'litert'}, {'detector': 'blazeface'}, {'groups': ['bad=sad']}]
)
def test_models_are_exchanged_when_the_frame_in_work_is_done(
    values, graph, node, camera, emotions, parts, monkeypatch
):
    detector, _ = parts
    lock = WatchedLock()
    monkeypatch.setattr(node._models, '_exchange', lock)
    exchange, order = node._models.pipeline.exchange, []

    def exchange_noted(*arguments, **options):
        order.append('exchange')
        exchange(*arguments, **options)

    process = node._models.pipeline.process

    def process_noted(*arguments):
        result = process(*arguments)
        order.append('frame')
        return result

    monkeypatch.setattr(node._models.pipeline, 'exchange', exchange_noted)
    monkeypatch.setattr(node._models.pipeline, 'process', process_noted)
    wait_until(lambda: camera.get_subscription_count() > 0)
    detector.may_go_on.clear()
    camera.publish(picture())
    wait_until(lambda: detector.seen)
    setter = threading.Thread(target=set_parameters, args=(graph,), kwargs=values)
    setter.start()
    try:
        wait_until(lambda: lock.waited_for.is_set() or order)
    finally:
        detector.may_go_on.set()
        setter.join()

    assert order == ['frame', 'exchange']


def test_a_back_end_that_fails_costs_its_frame_and_no_more(node, camera, emotions, parts):
    _, classifier = parts
    classifier.error = BackendError('the GPU is gone')
    wait_until(lambda: camera.get_subscription_count() > 0)
    camera.publish(picture(seconds=1))
    wait_until(lambda: node.statistics.lost == 1)
    classifier.error = None

    send(camera, emotions, node, picture(seconds=2))

    assert [message.header.stamp.sec for message in emotions.messages] == [2]


def test_a_back_end_that_keeps_failing_is_loaded_anew_and_then_replaced(
    graph, node, camera, emotions, parts
):
    _, classifier = parts
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)
    send(camera, emotions, node, picture(seconds=1))
    classifier.error = BackendError('out of memory')

    for lost in range(1, 7):
        camera.publish(picture(seconds=1 + lost))
        wait_until(lambda lost=lost: node.statistics.lost == lost)
        wait_until(lambda lost=lost: len(classifier.loaded) == 1 + lost // 3)
    answer = send(camera, emotions, node, picture(seconds=8))

    assert classifier.loaded == ['auto', 'made_up', 'litert']
    assert decisions(answer) == ['happy']
    # The images of this test have one colour and a timestamp of 1970, which adds a warning.
    inbox.wait_for(
        lambda one: (
            one.status[0].message.split('; the timestamps ')[0]
            == 'made_up failed (out of memory), so the model runs on litert on the CPU. '
            'To retry made_up, set the parameter backend again'
        )
    )
    classifier.error = None
    assert set_parameters(graph, backend='auto').successful
    assert classifier.loaded == ['auto', 'made_up', 'litert', 'auto']
    inbox.messages.clear()
    inbox.wait_for(lambda one: 'runs on' not in one.status[0].message)


def test_a_model_is_loaded_anew_on_the_device_of_the_parameter_and_then_on_any(
    graph, parts, camera, monkeypatch
):
    _, classifier = parts
    node = started(graph, Parameter('device', value='cpu'))
    tried = []

    def load(settings):
        tried.append((settings.backend, settings.device))
        return classifier

    monkeypatch.setattr(node._models, '_load_classifier', load)
    classifier.error = BackendError('the network is broken')
    wait_until(lambda: camera.get_subscription_count() > 0)

    for lost in range(1, 7):
        camera.publish(picture(seconds=lost))
        wait_until(lambda lost=lost: node.statistics.lost == lost)
        wait_until(lambda lost=lost: len(tried) == lost // 3)

    assert tried == [('made_up', 'cpu'), ('litert', 'auto')]


def test_where_the_gpu_is_full_the_very_next_image_is_answered_on_the_cpu(
    node, camera, emotions, parts
):
    _, classifier = parts
    classifier.error = GpuMemoryError('the memory of the GPU is full')
    wait_until(lambda: camera.get_subscription_count() > 0)
    camera.publish(picture(seconds=1))
    wait_until(lambda: node.statistics.lost == 1)

    answer = send(camera, emotions, node, picture(seconds=2))

    assert decisions(answer) == ['happy']
    assert classifier.loaded == ['auto', 'litert']


def test_a_fallback_that_fails_too_leaves_the_first_reason_in_diagnostics(
    graph, node, camera, parts, monkeypatch
):
    _, classifier = parts

    def load(settings):
        if settings.backend == 'litert':
            raise BackendError('litert is not installed')
        return ColourClassifier(settings.backend)

    monkeypatch.setattr(node._models, '_load_classifier', load)
    diagnoses = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', diagnoses, 10)
    classifier.error = GpuMemoryError('the memory of the GPU is full')
    wait_until(lambda: camera.get_subscription_count() > 0)

    camera.publish(picture())

    found = diagnoses.wait_for(lambda one: 'the model runs on' in one.status[0].message)
    assert (
        'made_up failed (the memory of the GPU is full), so the model runs on opencv on the CPU.'
    ) in found.status[0].message


def test_the_work_goes_on_when_nothing_can_be_loaded_instead(
    node, camera, emotions, parts, monkeypatch
):
    _, classifier = parts
    classifier.error = BackendError('the GPU is gone')

    def break_down(settings):
        raise KeyError('a library that breaks')

    monkeypatch.setattr(node._models, '_load_classifier', break_down)
    wait_until(lambda: camera.get_subscription_count() > 0)
    for lost in range(1, 8):
        camera.publish(picture(seconds=lost))
        wait_until(lambda lost=lost: node.statistics.lost == lost)
    classifier.error = None

    assert decisions(send(camera, emotions, node, picture(seconds=9))) == ['happy']


def test_a_library_that_breaks_on_a_new_value_is_a_refusal(
    graph, node, camera, emotions, monkeypatch
):
    def break_down(settings):
        raise KeyError('a library that breaks')

    monkeypatch.setattr(node._models, '_load_classifier', break_down)

    result = set_parameters(graph, backend='opencv', hold=0.9)

    assert not result.successful
    assert result.reason == "KeyError: 'a library that breaks'"
    assert node.get_parameter('hold').value == 0.3
    assert decisions(send(camera, emotions, node, picture())) == ['happy']


def test_one_failure_now_and_then_reloads_nothing(node, camera, emotions, parts):
    _, classifier = parts
    wait_until(lambda: camera.get_subscription_count() > 0)

    for number in range(1, 6):
        classifier.error = BackendError('a hiccup')
        camera.publish(picture(seconds=2 * number))
        wait_until(lambda number=number: node.statistics.lost == number)
        classifier.error = None
        send(camera, emotions, node, picture(seconds=2 * number + 1))

    assert classifier.loaded == ['auto']


def test_failures_before_another_model_is_set_do_not_count_against_it(graph, node, camera, parts):
    _, classifier = parts
    classifier.error = BackendError('the network is broken')
    wait_until(lambda: camera.get_subscription_count() > 0)

    def lose(number):
        camera.publish(picture(seconds=number))
        wait_until(lambda: node.statistics.lost == number)

    lose(1)
    lose(2)
    assert set_parameters(graph, backend='opencv').successful
    lose(3)
    # When the fourth failure is counted, the worker has handled the third one.
    lose(4)

    assert classifier.loaded == ['auto', 'opencv']


def test_a_model_loaded_by_configuring_is_not_loaded_again_by_its_own_setting(
    graph, node, camera, parts
):
    _, classifier = parts
    classifier.error = GpuMemoryError('the memory of the GPU is full')
    wait_until(lambda: camera.get_subscription_count() > 0)
    camera.publish(picture())
    wait_until(lambda: classifier.loaded == ['auto', 'litert'])

    node.trigger_deactivate()
    node.trigger_cleanup()
    node.trigger_configure()
    # If a failure were remembered, this request would load the model again.
    assert set_parameters(graph, backend='auto').successful

    assert classifier.loaded == ['auto', 'litert', 'auto']


def test_a_parameter_that_loads_a_model_waits_while_a_failed_one_is_replaced(
    node, camera, parts, monkeypatch
):
    _, classifier = parts
    begun, may_end = [], threading.Event()

    def load(settings):
        begun.append(settings.backend)
        assert may_end.wait(60)
        return ColourClassifier(settings.backend)

    monkeypatch.setattr(node._models, '_load_classifier', load)
    classifier.error = GpuMemoryError('the memory of the GPU is full')
    wait_until(lambda: camera.get_subscription_count() > 0)
    camera.publish(picture())
    wait_until(lambda: begun == ['litert'])
    results = []
    setter = threading.Thread(
        target=lambda: results.append(
            node.set_parameters_atomically([Parameter('backend', value='opencv')])
        )
    )
    setter.start()
    # Without the lock, the second load would start immediately.
    setter.join(0.3)
    assert begun == ['litert']

    may_end.set()
    setter.join()

    assert results[0].successful
    assert begun == ['litert', 'opencv']
    assert node._models.pipeline.classifier.backend.name == 'opencv'


def test_of_the_images_that_come_during_work_only_the_newest_is_looked_at(
    node, camera, emotions, parts
):
    detector, _ = parts
    send(camera, emotions, node, picture((11, 60, 60), seconds=1))
    detector.may_go_on.clear()
    camera.publish(picture((12, 60, 60), seconds=2))
    wait_until(lambda: detector.seen == [11, 12])
    for number in range(3, 8):
        camera.publish(picture((10 + number, 60, 60), seconds=number))
        wait_until(lambda number=number: node.statistics.received >= number)

    detector.may_go_on.set()
    emotions.wait_for(lambda message: message.header.stamp.sec == 7)

    assert detector.seen == [11, 12, 17]
    assert node.statistics.dropped == 4
    assert node.statistics.processed == 3


@pytest.mark.parametrize(('rate', 'period'), [(0.0, 0.0), (0.5, 2.0), (10.0, 0.1)])
def test_the_period_between_two_frames_follows_from_the_highest_rate(graph, parts, rate, period):
    node = started(graph, Parameter('max_rate', value=rate))

    assert node._shortest_period() == pytest.approx(period)


def test_parameters_are_answered_while_a_frame_is_in_work(graph, node, camera, emotions, parts):
    detector, _ = parts
    send(camera, emotions, node, picture(seconds=1))
    detector.may_go_on.clear()
    camera.publish(picture(seconds=2))
    wait_until(lambda: len(detector.seen) == 2)

    assert set_parameters(graph, min_confidence=0.5).successful
    detector.may_go_on.set()


def test_a_threshold_is_in_force_from_the_next_frame_on(graph, node, camera, emotions):
    # The blue score is 121 of 281: 0.43.
    before = send(camera, emotions, node, picture((120, 80, 78), seconds=1))
    assert set_parameters(graph, min_confidence=0.6, hold=0).successful
    after = send(camera, emotions, node, picture((120, 80, 78), seconds=2))

    assert decisions(before) == ['happy']
    assert decisions(after) == ['uncertain']


def test_an_int_is_accepted_where_a_double_is_meant(graph, node):
    assert set_parameters(graph, hold=2).successful
    assert node.get_parameter('hold').value == 2.0
    assert node.get_parameter('hold').type_ == Parameter.Type.DOUBLE


@pytest.mark.parametrize(
    ('typed', 'taken'),
    [
        ('low=sad,neutral', ['low=sad,neutral']),
        (['low=sad,neutral'], ['low=sad,neutral']),
        # ROS interprets an empty list as a list of bytes.
        ([], ['']),
    ],
)
def test_groups_are_taken_as_people_type_them(graph, node, typed, taken):
    assert set_parameters(graph, groups=typed).successful

    assert node.get_parameter('groups').value == taken
    assert node.get_parameter('groups').type_ == Parameter.Type.STRING_ARRAY


def test_groups_at_the_start_are_taken_as_people_type_them(graph, parts):
    node = started(graph, Parameter('groups', value='low=sad,neutral'))

    assert node.get_parameter('groups').value == ['low=sad,neutral']
    assert set_parameters(graph, groups=[]).successful
    assert node.get_parameter('groups').value == ['']


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        (
            {'hold': 0.5, 'holt': 0.5},
            "there is no parameter 'holt' (closest: hold); "
            'list the parameters with "ros2 param list"',
        ),
        ({'hold': None}, 'hold has no value'),
        ({'hold': float('nan')}, 'hold is nan, but must be from 0.0 to 10.0'),
        ({'hold': 0.5, 'max_faces': 2.5}, 'max_faces is 2.5, but must be an integer'),
        ({'draw': ''}, "draw is '', but must be one of boxes,"),
        ({'groups': ''}, "groups is '', but must be a list of strings"),
        ({'ros4hri': 'yes'}, "ros4hri is 'yes', but must be true or false"),
        ({'min_confidence': 1.5}, 'min_confidence is 1.5, but must be from 0.0 to 1.0'),
        ({'hold': 'long'}, "hold is 'long', but must be a number"),
        ({'max_faces': 0}, 'max_faces is 0, but must be from 1 to 256'),
        ({'backend': 'cuda'}, "backend is 'cuda', but must be one of auto,"),
        ({'model': 'gone'}, "there is no model 'gone'; available models: here"),
        ({'detector': 'haar'}, 'no cascades'),
        ({'groups': ['low=sad,fear']}, "merges 'fear', which is not a label of the model"),
    ],
)
def test_a_refused_value_says_why_and_changes_nothing(graph, node, values, reason):
    name = next(iter(values))
    before = node.get_parameter(name).value

    # The request also sets a valid parameter. Either both parameters are set, or none.
    result = set_parameters(graph, smoothing=0.123, **values)

    assert not result.successful
    assert reason in result.reason
    assert node.get_parameter(name).value == before
    assert node.get_parameter('smoothing').value == 0.4
    assert node._settings.smoothing == 0.4


def test_no_neutral_is_learned_of_a_model_that_has_none(graph, node, monkeypatch):
    monkeypatch.setattr(node._models.pipeline.classifier.card, 'labels', ('happy', 'sad', 'angry'))

    result = set_parameters(graph, baseline=30)

    assert not result.successful
    assert "no label 'neutral'; its labels are: happy, sad, angry" in result.reason
    assert node._settings.baseline == 0.0


def test_every_parameter_is_described_with_its_range(graph, node):
    asker = graph.listener('asker')
    client = asker.create_client(DescribeParameters, '/emotion/describe_parameters')
    assert client.wait_for_service(60)
    fields = list(setting_fields())
    answered = threading.Event()
    future = client.call_async(DescribeParameters.Request(names=[one.name for one in fields]))
    future.add_done_callback(lambda _: answered.set())
    assert answered.wait(60)

    kinds = {
        float: 'DOUBLE',
        int: 'INTEGER',
        str: 'STRING',
        bool: 'BOOL',
        tuple: 'STRING_ARRAY',
    }
    for field, described in zip(fields, future.result().descriptors, strict=True):
        assert described.description == field.metadata['description']
        kind = getattr(ParameterType, f'PARAMETER_{kinds[type(field.default)]}')
        assert described.type == kind, field.name
        ranges = [*described.floating_point_range, *described.integer_range]
        bounds = [(one.from_value, one.to_value) for one in ranges]
        expected = [field.metadata['bounds']] if field.metadata['bounds'] else []
        if field.metadata['off'] is not None:
            # A range of ROS has no gap, so the constraint names both parts.
            (low, high) = field.metadata['bounds']
            assert described.additional_constraints == f'0, or from {low} to {high}'
            expected = [(0, high)]
        assert bounds == expected


def test_what_is_read_at_the_start_only_cannot_be_set_later(graph, node):
    result = set_parameters(graph, autostart=False)

    assert not result.successful
    assert 'read-only' in result.reason


def test_a_file_may_say_1_where_it_means_a_double(graph, parts):
    node = started(graph, Parameter('hold', value=1), Parameter('model', value='other'))

    assert node.get_parameter('hold').value == 1.0
    assert node.get_parameter('model').value == 'other'
    assert node._settings.hold == 1.0


@pytest.mark.parametrize(
    ('name', 'value', 'error'),
    [('hold', -1.0, SettingError), ('model', 'gone', BundleError), ('hold', 'x', SettingError)],
)
def test_a_wrong_value_at_the_start_is_no_start(graph, parts, name, value, error):
    with pytest.raises(error):
        started(graph, Parameter(name, value=value))


def test_only_what_changed_is_told_to_who_listens_to_changes(graph, node, camera, emotions):
    changes = Inbox()
    graph.listener('changes').create_subscription(Detection2DArray, 'emotion/changes', changes, 10)
    wait_until(lambda: node._outputs.topics._changes.get_subscription_count() == 1)
    assert set_parameters(graph, hold=0.0, smoothing=0.0, face_timeout=0.0).successful
    blue, red, nobody = (250, 20, 20), (20, 20, 250), (0, 0, 0)

    for seconds, colour in enumerate([blue, blue, red, red, nobody, nobody, blue], start=1):
        send(camera, emotions, node, picture(colour, seconds))

    changes.wait_for(lambda message: message.header.stamp.sec == 7)
    told = [
        (message.header.stamp.sec, found.id, decisions(message) if found.results else 'left')
        for message in changes.messages
        for found in message.detections
    ]
    assert told == [
        (1, '1', ['happy']),
        (3, '1', ['neutral']),
        (5, '1', 'left'),
        (7, '2', ['happy']),
    ]


def test_diagnostics_tell_how_the_node_is(graph, node, camera, emotions):
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)
    send(camera, emotions, node, picture(seconds=1))
    broken = picture(seconds=2)
    broken.encoding = '32FC1'
    camera.publish(broken)

    message = inbox.wait_for(lambda one: ' frames failed: ' in one.status[0].message)

    (status,) = message.status
    values = {one.key: one.value for one in status.values}
    assert status.name == '/emotion: faces'
    assert status.level == DiagnosticStatus.WARN
    assert "the encoding is '32FC1'" in status.message
    assert list(values) == [
        'frames_received',
        'frames_processed',
        'frames_dropped',
        'input_rate_hz',
        'age_p50_ms',
        'age_p95_ms',
        'detect_ms',
        'classify_ms',
        'publish_ms',
        'faces',
        'image_mean',
        'last_face_s',
        'backend',
        'device',
        'detector',
        'model',
        'model_sha256',
        'image_qos',
        'last_error',
    ]
    counts = [values[f'frames_{name}'] for name in ('received', 'processed', 'dropped')]
    assert counts == ['2', '1', '1']
    assert values['faces'] == '1'
    assert values['backend'] == 'made_up'
    assert values['image_qos'] == 'reliable, published reliable'
    assert float(values['detect_ms']) >= 0


def test_diagnostics_name_a_camera_that_is_missing(graph, node):
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)

    message = inbox.wait_for(lambda one: 'nobody publishes /image' in one.status[0].message)

    assert message.status[0].level == DiagnosticStatus.WARN


def test_images_are_drawn_only_while_somebody_looks(graph, node, camera, emotions, monkeypatch):
    drawings = []
    draw = Drawing.draw
    monkeypatch.setattr(Drawing, 'draw', lambda *arguments: drawings.append(1) or draw(*arguments))
    send(camera, emotions, node, picture(seconds=1, size=(120, 160)))
    wait_until(lambda: node.statistics.processed == 1)
    assert drawings == []

    raw, compressed = Inbox(), Inbox()
    viewer = graph.listener('viewer')
    viewer.create_subscription(Image, 'emotion/image', raw, 1)
    viewer.create_subscription(CompressedImage, 'emotion/image/compressed', compressed, 1)
    wait_until(lambda: node.count_subscribers('emotion/image') == 1)
    wait_until(lambda: node._outputs.annotated._image.get_subscription_count() == 1)
    wait_until(lambda: node._outputs.annotated._compressed.get_subscription_count() == 1)
    message = picture(seconds=2, size=(120, 160))
    send(camera, emotions, node, message)

    seen = raw.wait_for(lambda image: image.header == message.header)
    assert (seen.height, seen.width, seen.encoding) == (120, 160, 'bgr8')
    assert bytes(seen.data) != bytes(message.data)
    jpeg = compressed.wait_for(lambda image: image.header == message.header)
    assert bytes(jpeg.data[:2]) == b'\xff\xd8'
    assert drawings == [1]


def test_who_looks_at_the_drawing_keeps_no_result_waiting(
    graph, node, camera, emotions, monkeypatch
):
    began, may_go_on = threading.Event(), threading.Event()
    draw = Drawing.draw

    def draw_at_leisure(*given):
        began.set()
        assert may_go_on.wait(60)
        return draw(*given)

    monkeypatch.setattr(Drawing, 'draw', draw_at_leisure)
    inbox = Inbox()
    graph.listener('viewer').create_subscription(Image, 'emotion/image', inbox, 10)
    wait_until(lambda: node._outputs is not None)
    wait_until(lambda: node._outputs.annotated._image.get_subscription_count() == 1)

    send(camera, emotions, node, picture(seconds=1))
    assert began.wait(60)
    # While the first image is drawn, all results are published. Of the waiting images, only the
    # last one is drawn.
    for seconds in (2, 3):
        send(camera, emotions, node, picture(seconds=seconds))
    wait_until(lambda: node._worker.busy == 0)
    may_go_on.set()

    inbox.wait_for(lambda image: image.header.stamp.sec == 3)
    assert [image.header.stamp.sec for image in inbox.messages] == [1, 3]


def test_what_cannot_be_drawn_is_said_and_costs_no_answer(
    graph, node, camera, emotions, monkeypatch
):
    told = []
    monkeypatch.setattr(node._outputs.annotated, '_complain', told.append)
    monkeypatch.setattr(Drawing, 'draw', lambda *given: {}['ink'])
    graph.listener('viewer').create_subscription(Image, 'emotion/image', Inbox(), 1)
    wait_until(lambda: node._outputs.annotated._image.get_subscription_count() == 1)

    send(camera, emotions, node, picture(seconds=1))
    send(camera, emotions, node, picture(seconds=2))

    wait_until(lambda: told)
    assert told[0] == "an image cannot be drawn: KeyError: 'ink'"
    assert node.statistics.lost == 0


def test_nothing_is_drawn_any_more_when_the_node_is_deactivated(graph, node, camera, emotions):
    graph.listener('viewer').create_subscription(Image, 'emotion/image', Inbox(), 1)
    wait_until(lambda: node._outputs.annotated._image.get_subscription_count() == 1)
    send(camera, emotions, node, picture(seconds=1))
    wait_until(lambda: 'drawing' in [thread.name for thread in threading.enumerate()])

    node.trigger_deactivate()

    assert 'drawing' not in [thread.name for thread in threading.enumerate()]


def compressed_picture(seconds, data=None):
    message = CompressedImage(format='jpeg')
    image = np.full((20, 30, 3), (250, 20, 20), np.uint8)
    message.data.frombytes(cv2.imencode('.jpg', image)[1].tobytes() if data is None else data)
    message.header.stamp.sec = seconds
    return message


def test_a_camera_that_only_sends_compressed_images_is_heard(graph, node, emotions):
    camera = graph.listener('camera_side').create_publisher(CompressedImage, 'image/compressed', 1)

    answer = send(camera, emotions, node, compressed_picture(1))
    camera.publish(compressed_picture(2, b'no picture'))
    wait_until(lambda: node.statistics.refused == 1)
    send(camera, emotions, node, compressed_picture(3))

    assert decisions(answer) == ['happy']
    assert [message.header.stamp.sec for message in emotions.messages] == [1, 3]


def test_of_a_camera_on_this_host_the_raw_images_are_taken(graph, node, camera, emotions):
    compressed = graph.listener('other_side').create_publisher(
        CompressedImage, 'image/compressed', 1
    )

    send(camera, emotions, node, picture(seconds=1))

    assert compressed.get_subscription_count() == 0


def test_the_transport_that_is_asked_for_is_taken_at_once(graph, node, camera, emotions):
    compressed = graph.listener('other_side').create_publisher(
        CompressedImage, 'image/compressed', 1
    )
    send(camera, emotions, node, picture(seconds=1))

    assert set_parameters(graph, image_transport='compressed').successful
    wait_until(lambda: camera.get_subscription_count() == 0)
    send(compressed, emotions, node, compressed_picture(2))


def test_a_camera_that_comes_back_with_another_reliability_is_heard(graph, node, emotions):
    side = graph.listener('camera_side')
    first = side.create_publisher(Image, 'image', 1)
    send(first, emotions, node, picture(seconds=1))
    side.destroy_publisher(first)

    second = side.create_publisher(Image, 'image', qos_profile_sensor_data)

    send(second, emotions, node, picture(seconds=2))


def test_the_subscription_is_changed_again_and_again_under_load(graph, node, camera, emotions):
    with sending_all_the_time(camera):
        for number in range(60):
            wanted = ('best_effort', 'reliable')[number % 2]
            node._camera.follow(node._settings.changed({'image_reliability': wanted}))

    send(camera, emotions, node, picture(seconds=2))


def test_who_comes_late_still_learns_the_labels(graph, node):
    inbox = Inbox()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)

    graph.listener('late').create_subscription(LabelInfo, 'emotion/label_info', inbox, latched)

    message = inbox.wait_for(lambda _: True)
    assert [one.class_name for one in message.class_map] == list(LABELS)
    assert message.threshold == pytest.approx(0.4)


def test_groups_are_merged_in_results_and_labels(graph, node, camera, emotions):
    labels = Inbox()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    graph.listener('late').create_subscription(LabelInfo, 'emotion/label_info', labels, latched)

    assert set_parameters(graph, groups=['low=sad,neutral']).successful

    message = send(camera, emotions, node, picture((20, 100, 100)))
    names = [one.hypothesis.class_id for one in message.detections[0].results]
    assert names == ['low', 'happy']
    labels.wait_for(lambda info: [one.class_name for one in info.class_map] == ['happy', 'low'])


def test_a_camera_that_sends_best_effort_is_heard(graph, node, emotions):
    camera = graph.listener('camera_side').create_publisher(
        Image, 'image', qos_profile_sensor_data
    )

    assert decisions(send(camera, emotions, node, picture())) == ['happy']


def test_a_fixed_reliability_is_kept(graph, parts):
    started(graph, Parameter('image_reliability', value='best_effort'))
    asker = graph.listener('asker')

    wait_until(lambda: len(asker.get_subscriptions_info_by_topic('/image')) == 1)
    (listening,) = asker.get_subscriptions_info_by_topic('/image')
    assert listening.qos_profile.reliability.name == 'BEST_EFFORT'


def test_images_of_changing_size_and_encoding_are_followed(node, camera, emotions):
    for seconds, size in enumerate([(20, 30), (48, 64), (1, 1), (30, 20)], start=1):
        send(camera, emotions, node, picture(seconds=seconds, size=size))
    gray = Image(height=9, width=7, step=8, encoding='mono8')
    gray.data.frombytes(bytes([200]) * 72)
    gray.header.stamp.sec = 50

    # For gray, all emotions are equally likely. A tie is resolved in favour of the first label.
    assert len(send(camera, emotions, node, gray).detections) == 1


def test_the_node_stops_in_the_middle_of_everything(graph, node, camera, emotions):
    send(camera, emotions, node, picture(seconds=1))
    for seconds in range(2, 30):
        camera.publish(picture(seconds=seconds))

    node.stop()

    assert 'perception' not in [thread.name for thread in threading.enumerate()]


def noise(nanoseconds, brightest):
    random = np.random.default_rng(0).integers(0, brightest, (20, 30, 3), np.uint8)
    message = to_image_message(MESSAGE_TYPES, Image().header, random)
    message.header.stamp.sec, message.header.stamp.nanosec = 1, nanoseconds
    return message


@pytest.mark.parametrize(
    ('before', 'during'), [(0, 200), (200, 60)], ids=['not yet believed', 'lost a moment ago']
)
def test_a_face_that_is_not_among_the_answers_is_blurred_all_the_same(
    graph, parts, camera, emotions, before, during
):
    node = started(graph, Parameter('draw', value='blur'))
    inbox = Inbox()
    graph.listener('viewer').create_subscription(Image, 'emotion/image', inbox, 10)
    wait_until(lambda: node.count_subscribers('emotion/image') > 0)
    for number in range(1, 6):
        send(camera, emotions, node, noise(number * 100_000_000, max(before, 1)))

    answer = send(camera, emotions, node, noise(540_000_000, during))

    assert decisions(answer) == []
    drawn = inbox.wait_for(lambda one: one.header == answer.header)
    pixels = np.frombuffer(drawn.data, np.uint8).reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) <= 16
