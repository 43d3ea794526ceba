from dataclasses import replace
from pathlib import Path
import re

from diagnostic_msgs.msg import DiagnosticStatus
import pytest
from std_msgs.msg import Header

from fer_ros.node.health.diagnostics import complaint_of_age
from fer_ros.node.health.diagnostics import complaint_of_camera
from fer_ros.node.health.diagnostics import complaint_of_clock
from fer_ros.node.health.diagnostics import complaint_of_image
from fer_ros.node.health.diagnostics import complaint_of_name
from fer_ros.node.health.diagnostics import Facts
from fer_ros.node.health.diagnostics import judge
from fer_ros.node.health.diagnostics import to_diagnostics
from fer_ros.node.health.report import models_of
from fer_ros.node.health.statistics import Statistics
from fer_ros.perception.images.brightness import Brightness

ROOT = Path(__file__).resolve().parents[3]

FINE = Facts(working=True, rest='configure it', busy=0.1)
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


@pytest.mark.parametrize(
    ('changed', 'expected', 'sentence'),
    [
        ({}, OK, 'active'),
        ({'camera': 'no image'}, WARN, 'no image'),
        ({'makeshift': 'on the CPU, as the GPU failed'}, WARN, 'on the CPU'),
        ({'new_errors': 2, 'last_error': 'NaN'}, WARN, '2 frames failed: NaN'),
        (
            {'new_errors': 2, 'unanswered': 3, 'last_error': 'NaN'},
            ERROR,
            'no image can be processed: NaN',
        ),
        # Without a camera, the last image error is outdated and must not be reported.
        ({'camera': 'no image', 'unanswered': 3, 'last_error': 'NaN'}, WARN, 'no image'),
        (
            {'busy': 20.0, 'camera': 'no image'},
            ERROR,
            'the current image has been processed for 20 s',
        ),
        ({'working': False}, OK, 'not active: configure it'),
        ({'working': False, 'camera': 'no image'}, OK, 'not active'),
        ({'working': False, 'refusal': 'cannot configure'}, ERROR, 'cannot configure'),
        ({'faceless': 60.0}, OK, 'active'),
        ({'faceless': 61.2}, OK, 'active; no face detected for 61 s'),
        ({'faceless': 61.2, 'image': 'black'}, WARN, 'black'),
        ({'stamps': 'no clock', 'image': 'black', 'name': 'two'}, WARN, 'no clock; black; two'),
        ({'makeshift': 'on the CPU', 'image': 'black'}, WARN, 'on the CPU; black'),
        # Without a camera, a finding about its last image must not be reported.
        ({'camera': 'no image', 'stamps': 'old', 'name': 'two'}, WARN, 'no image; two'),
        (
            {'unanswered': 3, 'last_error': 'NaN', 'image': 'black'},
            ERROR,
            'no image can be processed',
        ),
        ({'working': False, 'name': 'two'}, WARN, 'not active: configure it; two'),
        ({'working': False, 'image': 'black', 'faceless': 99.0}, OK, 'not active: configure it'),
    ],
)
def test_how_the_node_is_stands_in_a_sentence(changed, expected, sentence):
    level, told = judge(replace(FINE, **changed))

    assert level == expected
    assert told.startswith(sentence)
    if changed.keys() & {'stamps', 'name', 'faceless'}:
        assert told == sentence or expected == ERROR


@pytest.mark.parametrize(
    ('silence', 'publishers', 'sentence'),
    [
        (2.0, 0, ''),
        (7.4, 0, '/clock has not advanced for 7 s, and it has no publisher: start the simulator'),
        (7.4, 1, '/clock has not advanced for 7 s, although it has a publisher: start'),
    ],
)
def test_a_simulated_clock_that_stands_still_is_named_with_the_remedy(
    silence, publishers, sentence
):
    told = complaint_of_clock(silence, publishers)

    assert sentence in told
    assert bool(told) == bool(sentence)


@pytest.mark.parametrize(
    ('age', 'simulated', 'sentence'),
    [
        (0.05, False, ''),
        (-0.4, False, ''),
        (9.9, False, ''),
        (
            -0.6,
            False,
            'the timestamps of the images are 0.6 s in the future: synchronise the clock',
        ),
        (
            3600.0,
            False,
            'the timestamps of the images are 3.6e+03 s in the past: synchronise the clock',
        ),
        (
            -1.8e9,
            True,
            'the timestamps of the images are 1.8e+09 s in the future: /clock and the images',
        ),
    ],
)
def test_an_age_that_cannot_be_true_is_named_with_the_remedy(age, simulated, sentence):
    told = complaint_of_age(age, simulated)

    assert told.startswith(sentence)
    assert bool(told) == bool(sentence)


@pytest.mark.parametrize(
    ('mean', 'uniform', 'sentence'),
    [
        (8.0, False, ''),
        (247.0, False, ''),
        (7.9, False, 'the images are nearly black (mean 8 of 255)'),
        (247.1, False, 'the images are nearly white (mean 247 of 255)'),
        (0.0, True, 'the images are nearly black (mean 0 of 255)'),
        (90.0, True, 'the images have one colour (mean 90 of 255)'),
    ],
)
def test_images_that_show_nothing_are_named_with_the_remedy(mean, uniform, sentence):
    told = complaint_of_image(Brightness(mean, uniform))

    assert told.startswith(sentence)
    assert bool(told) == bool(sentence)


def test_a_proposed_bit_depth_stands_in_the_place_of_a_dark_image():
    told = complaint_of_image(Brightness(3.0, False), 12)

    assert told == 'the images use at most 12 of 16 bits: set bit_depth to 12'
    assert complaint_of_image(None, 12) == ''


def test_nodes_of_one_name_are_counted():
    assert complaint_of_name('/emotion', 1) == ''
    assert complaint_of_name('/emotion', 2).startswith(
        '2 nodes have the name /emotion: start each'
    )


def test_text_of_any_length_is_cut_in_the_message():
    large = '\x1b[31m\n' + 'x' * 5_000_000

    (status,) = to_diagnostics(Header(), '/emotion', b'\x00', large, {'last_error': large}).status

    for text in (status.message, status.values[0].value):
        assert text.isprintable()
        assert len(text) <= 1000


def test_statistics_keep_no_text_of_any_length():
    statistics = Statistics()

    for note in (statistics.refuse, statistics.lose):
        note('an image: ' + 'x' * 5_000_000)

        assert len(statistics.last_error) < 1000


@pytest.mark.parametrize('age', [-0.6, 10.1, -1795817732.269, 3.7e9])
def test_an_age_that_cannot_be_true_is_no_value(age):
    statistics = Statistics()
    for _ in range(3):
        statistics.finish(faces=0, age=age)

    values = statistics.values()

    assert (values['age_p50_ms'], values['age_p95_ms']) == ('', '')
    assert statistics.age == pytest.approx(age)


def test_an_unknown_age_is_no_age():
    statistics = Statistics()
    statistics.finish(faces=0, age=None)

    assert statistics.values()['age_p50_ms'] == ''
    assert statistics.age == 0.0


def test_the_time_since_the_last_face_is_measured(monkeypatch):
    statistics = Statistics()
    assert (statistics.faceless, statistics.values()['last_face_s']) == (0.0, '')
    for moment, faces in ((100.0, 0), (110.0, 0), (130.0, 2), (150.0, 0)):
        monkeypatch.setattr('time.monotonic', lambda moment=moment: moment)
        statistics.finish(faces=faces, age=0.1)
        if moment == 110.0:
            assert (statistics.faceless, statistics.values()['last_face_s']) == (10.0, '')

    assert (statistics.faceless, statistics.values()['last_face_s']) == (20.0, '20.0')

    statistics.begin()

    assert (statistics.faceless, statistics.values()['last_face_s']) == (0.0, '')


def test_the_brightness_of_the_last_image_is_a_value():
    statistics = Statistics()
    assert statistics.values()['image_mean'] == ''

    statistics.see(Brightness(90.4, False))

    assert statistics.values()['image_mean'] == '90'
    statistics.begin()
    assert statistics.values()['image_mean'] == ''


def test_the_period_is_the_usual_one(monkeypatch):
    statistics = Statistics()
    assert statistics.period is None
    for moment in (1.0, 1.1, 1.2, 5.0, 5.1):
        monkeypatch.setattr('time.monotonic', lambda moment=moment: moment)
        statistics.arrive()

    assert statistics.period == pytest.approx(0.1)
    assert statistics.images == 5


@pytest.mark.parametrize(
    ('mismatch', 'silence', 'sentence'),
    [
        ('', 1.9, ''),
        ('', 2.1, 'no image has arrived for 2 s on /image (publishers: 1). Check the camera'),
        ('', float('inf'), 'no image has arrived on /image (publishers: 1)'),
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


def test_the_documented_keys_are_those_of_the_message():
    text = (ROOT / 'doc' / 'architecture.md').read_text(encoding='utf-8')
    table = text.split('| key | meaning |\n', 1)[1].split('\n\n', 1)[0]
    documented = re.findall(r'`(\w+)`', ''.join(row.split('|')[1] for row in table.splitlines()))

    assert documented == [*Statistics().values(), *models_of(None), 'image_qos', 'last_error']


def test_statistics_give_percentiles_of_ages_in_milliseconds(monkeypatch):
    statistics = Statistics()
    for milliseconds in range(101):
        moment = 100.0 if milliseconds else 95.0
        monkeypatch.setattr('time.monotonic', lambda moment=moment: moment)
        statistics.finish(faces=2, age=milliseconds / 1000)

    values = statistics.values()

    # Only the ages of the last seconds are kept: 1 to 100 ms.
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
        # The images arrive at 20 Hz until now.
        ([95.05 + number / 20 for number in range(100)], '20.0'),
        # After a pause, only the new images count.
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
