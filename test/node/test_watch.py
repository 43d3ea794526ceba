import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import ObjectHypothesisWithPose

from fer_ros.watch import Lines
from fer_ros.watch import main
from fer_ros.watch import MEMORY
from fer_ros.watch import MOST_FACES
from fer_ros.watch import WatchNode
from graph import PATIENCE
from graph import wait_until

ROOT = Path(__file__).resolve().parents[2]
# A unique namespace, because another test run on this machine may use the same DDS domain.
OWN = f'/watch_{os.getpid()}'


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv('TZ', 'UTC')
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def face(id_, emotion=None, score=0.5, position=None):
    """Create a detection. Without an emotion, it represents a face that left."""
    made = Detection2D(id=str(id_))
    if emotion is None:
        return made
    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id, result.hypothesis.score = emotion, score
    result.pose.covariance[0] = -1.0
    if position is not None:
        result.pose.covariance[0] = 0.1
        point = result.pose.pose.position
        point.x, point.y, point.z = position
    made.results = [result]
    return made


def faces(*detections, seconds=0):
    made = Detection2DArray(detections=list(detections))
    made.header.stamp.sec = 12 * 3600 + 3 * 60 + seconds
    made.header.stamp.nanosec = 512_900_000
    return made


def test_a_status_line_shows_time_id_emotion_score_and_distance():
    line = Lines().status(
        faces(face(3, 'happy', 0.944, (0.3, 0.0, 0.4)), face(5, 'uncertain', 0.41), seconds=4)
    )

    assert line == '12:03:04.512  3 happy 0.94 (0.50 m)  5 uncertain 0.41'


def test_a_status_line_without_a_face_says_so():
    assert Lines().status(faces(seconds=4)) == '12:03:04.512  no face'


def test_a_crowd_is_cut():
    line = Lines().status(faces(*(face(index, 'sad') for index in range(MOST_FACES + 3))))

    assert line.count('sad') == MOST_FACES
    assert line.endswith('  and 3 more')


def test_changes_name_who_came_who_changed_and_who_left():
    lines = Lines()

    assert list(lines.changes(faces(face(3, 'neutral', 0.8), seconds=1))) == [
        '12:03:01.512  3 appeared: 3 neutral 0.80'
    ]
    assert list(lines.changes(faces(face(3, 'happy', 0.9), face(5, 'sad'), seconds=2))) == [
        '12:03:02.512  3 neutral → happy',
        '12:03:02.512  5 appeared: 5 sad 0.50',
    ]
    assert list(lines.changes(faces(face(3, 'sad'), face(5), seconds=3))) == [
        '12:03:03.512  3 happy → sad',
        '12:03:03.512  5 left',
    ]
    assert list(lines.changes(faces(face(3), seconds=4))) == ['12:03:04.512  3 left']


def test_a_face_that_was_there_before_the_start_is_known():
    lines = Lines()

    lines.status(faces(face(3, 'neutral'), seconds=1))

    assert list(lines.changes(faces(face(3, 'happy'), seconds=2))) == [
        '12:03:02.512  3 neutral → happy'
    ]


@pytest.mark.parametrize('status_first', [True, False])
def test_a_face_comes_whichever_message_of_its_image_arrives_first(status_first):
    lines = Lines()
    message = faces(face(3, 'neutral'), seconds=1)

    if status_first:
        lines.status(message)
    (line,) = lines.changes(message)
    lines.status(message)

    assert '3 appeared' in line
    assert list(lines.changes(faces(face(3, 'sad'), seconds=2))) == [
        '12:03:02.512  3 neutral → sad'
    ]


def test_an_id_that_begins_anew_after_a_restart_comes():
    lines = Lines()
    lines.status(faces(face(1, 'neutral'), seconds=1))

    lines.forget()

    (line,) = lines.changes(faces(face(1, 'happy'), seconds=9))
    assert '1 appeared' in line


def test_an_id_that_was_not_seen_for_long_is_forgotten_and_comes_again():
    now = [100.0]
    lines = Lines(lambda: now[0])
    lines.status(faces(face(1, 'neutral'), face(2, 'sad'), seconds=1))

    now[0] += MEMORY - 1
    lines.status(faces(face(2, 'sad'), seconds=2))
    now[0] += 2

    assert list(lines.changes(faces(face(1, 'happy'), face(2, 'happy'), seconds=3))) == [
        '12:03:03.512  1 appeared: 1 happy 0.50',
        '12:03:03.512  2 sad → happy',
    ]


def test_ids_that_never_leave_take_no_memory_for_ever():
    now = [100.0]
    lines = Lines(lambda: now[0])
    for number in range(1000):
        now[0] += MEMORY / 10
        lines.status(faces(face(f's{number}', 'sad')))
        list(lines.changes(faces(face(f'c{number}', 'sad'))))

    assert len(lines._known) <= 2 * 11


def test_text_of_a_message_is_made_safe():
    lines = Lines()
    wild = '\x1b[31m\n[FATAL] forged' + 'x' * 100_000

    printed = [
        lines.status(faces(face(wild, wild))),
        *lines.changes(faces(face(wild, 'sad'), seconds=1)),
        *lines.changes(faces(face(wild, wild), seconds=2)),
        *lines.changes(faces(face(wild), seconds=3)),
    ]

    for line in printed:
        assert line.isprintable()
        assert len(line) < 150


@pytest.mark.parametrize('number', [1e308, -1e308, float('inf'), float('nan')])
def test_a_line_is_short_whatever_the_numbers_of_a_message(number):
    line = Lines().status(faces(face(1, 'happy', score=number, position=(number, 0.0, 0.0))))

    assert line.isprintable()
    assert len(line) < 150


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (['--rate', '-1'], 'not a number of at least 0'),
        (['--rate', 'nan'], 'not a number of at least 0'),
        (['--rate', 'often'], 'often'),
        (['--topic', 'a b'], 'Invalid topic name'),
        (['emotion'], 'unrecognized'),
    ],
)
def test_a_wrong_argument_ends_the_command_with_status_2(capsys, words, reason):
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_status_lines_are_limited_and_changes_are_not(graph, capsys):
    node = graph.add(WatchNode('emotion', 1e-6, context=graph.context, namespace='robot'))
    other = graph.listener('emotion_side')
    status = other.create_publisher(Detection2DArray, '/robot/emotion', 10)
    changes = other.create_publisher(Detection2DArray, '/robot/emotion/changes', 10)
    wait_until(lambda: status.get_subscription_count() and changes.get_subscription_count())

    printed = ''

    def has_printed(text):
        nonlocal printed
        printed += capsys.readouterr().out
        return text in printed

    status.publish(faces(face(3, 'neutral'), seconds=1))
    wait_until(lambda: has_printed('3 neutral 0.50'))
    for seconds, emotion in ((2, 'happy'), (3, 'sad'), (4, 'angry')):
        status.publish(faces(face(3, emotion), seconds=seconds))
        changes.publish(faces(face(3, emotion), seconds=seconds))
    wait_until(lambda: has_printed('3 sad → angry'))

    assert node.get_name() == 'watch'
    assert printed.splitlines() == [
        '12:03:01.512  3 neutral 0.50',
        '12:03:02.512  3 neutral → happy',
        '12:03:03.512  3 happy → sad',
        '12:03:04.512  3 sad → angry',
    ]


class Watched:
    """The command as a process whose output is written to a file or a pipe."""

    def __init__(self, domain_id, stdout, *words):
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.watch', *words],
            cwd=ROOT,
            env={
                **os.environ,
                'ROS_DOMAIN_ID': str(domain_id),
                'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
            },
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )


@pytest.fixture
def watched(domain_id):
    started = []

    def start(*words, stdout=subprocess.PIPE):
        started.append(Watched(domain_id, stdout, *words).process)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_without_a_publisher_the_command_explains_and_waits(graph, watched):
    process = watched('--ros-args', '-r', f'__ns:={OWN}')

    line = process.stderr.readline()
    assert line.startswith(
        f"watch: '{OWN}/emotion' has no publisher of type vision_msgs/msg/Detection"
    )
    assert '--topic' in line
    assert process.poll() is None
    # Messages of a publisher that appears later are received as well.
    publisher = graph.listener('late').create_publisher(Detection2DArray, f'{OWN}/emotion', 10)
    wait_until(lambda: publisher.get_subscription_count() > 0)
    publisher.publish(faces(face(1, 'happy')))
    assert '1 happy 0.50' in process.stdout.readline()

    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert process.stdout.read() == ''


def watch_once_published(graph, topic):
    """Create a node that spins only after it has discovered the publisher of a topic."""
    node = WatchNode(f'{OWN}/emotion', 1.0, context=graph.context)
    wait_until(lambda: node.count_publishers(topic) > 0)
    return graph.add(node)


def test_a_silent_publisher_is_explained_once(graph, capsys):
    graph.listener().create_publisher(Detection2DArray, f'{OWN}/emotion', 10)

    node = watch_once_published(graph, f'{OWN}/emotion')

    wait_until(lambda: node._explained)
    node._check()
    assert capsys.readouterr().err == (
        f"watch: '{OWN}/emotion' has a publisher, but no message arrived for 2 s; "
        'look for the cause in /diagnostics of the emotion node\n'
    )


def test_topics_of_other_nodes_are_proposed(graph, capsys):
    graph.listener().create_publisher(Detection2DArray, f'{OWN}/front/emotion', 10)

    node = watch_once_published(graph, f'{OWN}/front/emotion')

    wait_until(lambda: node._explained)
    assert (
        f'select one of these topics with --topic: {OWN}/front/emotion' in capsys.readouterr().err
    )


def test_faces_of_a_restarted_node_are_new(graph, capsys):
    def start(name):
        other = graph.listener(name)
        topics = (f'{OWN}/emotion', f'{OWN}/emotion/changes')
        return [other.create_publisher(Detection2DArray, topic, 10) for topic in topics]

    status, _ = start('first')
    node = watch_once_published(graph, f'{OWN}/emotion')
    wait_until(status.get_subscription_count)
    status.publish(faces(face(1, 'neutral'), seconds=1))
    wait_until(lambda: node._lines._known and node._gids)

    _, changes = start('second')
    wait_until(lambda: changes.get_subscription_count() and not node._lines._known)
    capsys.readouterr()
    changes.publish(faces(face(1, 'happy'), seconds=2))

    wait_until(lambda: node._lines._known and node._gids)
    assert capsys.readouterr().out == '12:03:02.512  1 appeared: 1 happy 0.50\n'


def test_the_end_of_the_reader_ends_the_command_quietly(graph, watched):
    publisher = graph.listener().create_publisher(Detection2DArray, f'{OWN}/emotion', 10)
    read_end, write_end = os.pipe()
    process = watched('--rate', '1000', '--topic', f'{OWN}/emotion', stdout=write_end)
    os.close(write_end)
    wait_until(lambda: publisher.get_subscription_count() > 0)
    publisher.publish(faces(face(1, 'happy')))
    assert b'happy' in os.read(read_end, 1000)

    os.close(read_end)
    publisher.publish(faces(face(1, 'sad')))

    def ended():
        publisher.publish(faces(face(1, 'sad')))
        return process.poll() is not None

    wait_until(ended)
    assert process.returncode == 0
    errors = process.stderr.read()
    assert 'Traceback' not in errors
    assert 'BrokenPipe' not in errors
