from diagnostic_msgs.msg import DiagnosticStatus
import pytest
from std_msgs.msg import Header

from fer_ros.node.diagnostics import complaint_of_camera
from fer_ros.node.diagnostics import judge
from fer_ros.node.diagnostics import to_diagnostics
from fer_ros.node.statistics import Statistics

FINE = {
    'working': True,
    'rest': 'configure it',
    'refusal': '',
    'busy': 0.1,
    'camera': '',
    'unanswered': 0,
    'new_errors': 0,
    'last_error': '',
    'makeshift': '',
}
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


@pytest.mark.parametrize(
    ('changed', 'expected', 'sentence'),
    [
        ({}, OK, 'watching'),
        ({'camera': 'no image'}, WARN, 'no image'),
        ({'makeshift': 'on the CPU, as the GPU failed'}, WARN, 'on the CPU'),
        ({'new_errors': 2, 'last_error': 'NaN'}, WARN, '2 frames without an answer: NaN'),
        (
            {'new_errors': 2, 'unanswered': 3, 'last_error': 'NaN'},
            ERROR,
            'no image gets an answer: NaN',
        ),
        # What was wrong with the images of a camera that is gone is no longer what is wrong.
        ({'camera': 'no image', 'unanswered': 3, 'last_error': 'NaN'}, WARN, 'no image'),
        ({'busy': 20.0, 'camera': 'no image'}, ERROR, 'an image has been in work for 20 s'),
        ({'working': False}, OK, 'not active: configure it'),
        ({'working': False, 'camera': 'no image'}, OK, 'not active'),
        ({'working': False, 'refusal': 'cannot configure'}, ERROR, 'cannot configure'),
    ],
)
def test_how_the_node_is_stands_in_a_sentence(changed, expected, sentence):
    level, told = judge(**{**FINE, **changed})

    assert level == expected
    assert told.startswith(sentence)


@pytest.mark.parametrize(
    ('mismatch', 'silence', 'sentence'),
    [
        ('', 1.9, ''),
        ('', 2.1, 'no image for 2 s on /image, though 1 publish it: look at the camera'),
        ('', float('inf'), 'no image yet on /image, though 1 publish it'),
        ('they do not match', 0.1, 'they do not match'),
    ],
)
def test_a_camera_is_complained_of_when_it_is_mismatched_or_silent(mismatch, silence, sentence):
    told = complaint_of_camera('/image', 1, mismatch, silence)

    assert told.startswith(sentence)
    assert bool(told) == bool(sentence)


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
    statistics.replaced = 1
    statistics.refuse('no face in it')
    statistics.lose('NaN')

    assert statistics.values()['frames_dropped'] == '3'
    assert (statistics.errors, statistics.unanswered) == (2, 2)
    assert statistics.last_error == 'NaN'

    statistics.finish(faces=0, age=0.1)

    assert (statistics.errors, statistics.unanswered) == (2, 0)


@pytest.mark.parametrize(
    ('arrivals', 'rate'),
    [
        ([], '0.0'),
        ([99.0], '0.0'),
        # 20 Hz, up to now.
        ([95.05 + number / 20 for number in range(100)], '20.0'),
        # After a pause, what comes now counts.
        ([10.0, 10.1, 99.5, 99.75], '2.0'),
        # A slow camera keeps its rate until an image is overdue.
        ([80.0, 90.0], '0.1'),
        ([30.0, 50.0], '0.0'),
    ],
)
def test_the_rate_is_that_of_the_last_seconds(monkeypatch, arrivals, rate):
    statistics = Statistics()
    for moment in arrivals:
        monkeypatch.setattr('time.monotonic', lambda moment=moment: moment)
        statistics.arrive()
    monkeypatch.setattr('time.monotonic', lambda: 100.0)

    assert statistics.values()['input_rate_hz'] == rate


def test_what_was_before_an_activation_tells_nothing_of_now():
    statistics = Statistics()
    statistics.arrive()
    statistics.finish(faces=1, age=0.5)
    statistics.lose('NaN')

    statistics.begin()

    assert statistics.silence == float('inf')
    assert statistics.unanswered == 0
    assert statistics.values()['age_p50_ms'] == ''
    assert statistics.values()['frames_processed'] == '1'


def test_a_stage_is_measured():
    statistics = Statistics()

    with statistics.stage('detect'):
        pass

    assert float(statistics.values()['detect_ms']) >= 0
