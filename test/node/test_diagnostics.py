from diagnostic_msgs.msg import DiagnosticStatus
import pytest
from std_msgs.msg import Header

from fer_ros.node.diagnostics import judge
from fer_ros.node.diagnostics import to_diagnostics
from fer_ros.node.statistics import Statistics

FINE = {
    'working': True,
    'topic': '/image',
    'publishers': 1,
    'mismatch': '',
    'silence': 0.1,
    'new_errors': 0,
    'last_error': '',
    'makeshift': '',
}


@pytest.mark.parametrize(
    ('changed', 'sentence'),
    [
        ({'publishers': 0}, 'nobody publishes /image: start the camera'),
        ({'mismatch': 'they do not match'}, 'they do not match'),
        ({'silence': 3.4}, 'no image for 3 s on /image, though 1 publish it'),
        ({'silence': float('inf')}, 'no image yet on /image'),
        ({'makeshift': 'on the CPU, as the GPU failed'}, 'on the CPU'),
        ({'new_errors': 2, 'last_error': 'NaN'}, '2 frames without an answer: NaN'),
    ],
)
def test_what_is_wrong_is_warned_of_in_a_sentence(changed, sentence):
    level, told = judge(**{**FINE, **changed})

    assert level == DiagnosticStatus.WARN
    assert told.startswith(sentence)


def test_a_node_that_is_not_active_misses_no_camera():
    level, told = judge(**{**FINE, 'working': False, 'publishers': 0})

    assert level == DiagnosticStatus.OK
    assert told.startswith('not active')


def test_a_node_that_works_is_ok():
    assert judge(**FINE) == (DiagnosticStatus.OK, 'watching')


def test_the_message_has_all_values_in_order():
    message = to_diagnostics(Header(), '/emotion', b'\x00', 'fine', {'b': '1', 'a': ''})

    assert [(one.key, one.value) for one in message.status[0].values] == [('b', '1'), ('a', '')]


def test_statistics_give_percentiles_of_ages_in_milliseconds():
    statistics = Statistics()
    for milliseconds in range(101):
        statistics.finish(faces=2, age=milliseconds / 1000)

    values = statistics.values()

    # The last hundred are kept: 1 to 100.
    assert values['age_p50_ms'] == '50.5'
    assert values['age_p95_ms'] == '95.0'
    assert values['frames_processed'] == '101'
    assert values['faces'] == '2'


def test_statistics_of_nothing_are_empty():
    statistics = Statistics()

    values = statistics.values()

    assert values['age_p50_ms'] == values['detect_ms'] == ''
    assert values['input_rate_hz'] == '0.0'
    assert statistics.silence == float('inf')


def test_a_frame_without_an_answer_is_counted_as_dropped_whatever_the_reason():
    statistics = Statistics()
    statistics.replaced, statistics.refused, statistics.lost = 1, 2, 3

    assert statistics.values()['frames_dropped'] == '6'


def test_a_stage_is_measured():
    statistics = Statistics()

    with statistics.stage('detect'):
        pass

    assert float(statistics.values()['detect_ms']) >= 0
