import threading

import pytest
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters
from rclpy.parameter import Parameter

from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.settings import setting_fields
from fer_ros.perception.settings import SettingError
from graph import wait_until
from live_parameters import set_parameters
from stand_ins import decisions
from stand_ins import picture
from stand_ins import send
from stand_ins import started


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
