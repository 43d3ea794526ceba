import threading

import pytest
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters

from fer_ros.perception.settings import SettingError
from fer_ros.sources.base import SourceError
from graph import PATIENCE

PARAMETERS = [
    'source',
    'rate',
    'loop',
    'frame_id',
    'width',
    'height',
    'fourcc',
    'sequence',
    'bit_depth',
]


# Parameters


def test_every_parameter_is_described(graph, camera, folder):
    node = camera(source=str(folder), loop=True)
    asker = graph.listener('asker')
    client = asker.create_client(DescribeParameters, '/camera/describe_parameters')
    assert client.wait_for_service(PATIENCE)
    answered = threading.Event()
    future = client.call_async(DescribeParameters.Request(names=PARAMETERS))
    future.add_done_callback(lambda _: answered.set())
    assert answered.wait(PATIENCE)

    described = dict(zip(PARAMETERS, future.result().descriptors, strict=True))
    assert all(one.description and one.read_only for one in described.values())
    assert described['rate'].type == ParameterType.PARAMETER_DOUBLE
    assert described['rate'].floating_point_range[0].to_value == 240.0
    assert described['width'].integer_range[0].to_value == 8192
    assert described['loop'].type == ParameterType.PARAMETER_BOOL
    node.stop()


def test_an_int_is_taken_for_a_rate(camera, folder):
    assert camera(source=str(folder), rate=3).get_parameter('rate').value == 3.0


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('rate', -1.0),
        ('rate', 1000.0),
        ('rate', float('nan')),
        ('rate', 'fast'),
        ('width', -1),
        ('height', 100000),
        ('loop', 'yes'),
        ('source', True),
    ],
)
def test_a_wrong_value_is_no_start(camera, name, value):
    with pytest.raises(SettingError, match=name):
        camera(**{name: value})


@pytest.mark.parametrize('source', ['', 'gone.mp4', '/dev/video987'])
def test_a_missing_source_is_no_start(camera, source):
    with pytest.raises(SourceError):
        camera(source=source)
