"""The files of one recording: tables, messages and notes."""

import json
import re

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from recorded import recorded_messages
from rosbags.rosbag2 import Reader
import yaml

from bags import colours
from bags import depth_image
from bags import IMAGE
from bags import image
from bags import messages_of
from bags import PERIOD
from bags import START
from bags import text
from bags import write_mcap
from fer_ros.offline.outputs.mcap_file import namespaces
from fer_ros.perception.backends import BackendError
from uneven_video import write_uneven_video

BLUE, GREEN, DARK = (250, 20, 20), (20, 250, 20), (0, 0, 0)


def filled(*colours_of_frames):
    return [np.full((20, 30, 3), colour, np.uint8) for colour in colours_of_frames]


# A person who is happy, then sad, and then leaves.
STORY = filled(*[BLUE] * 10, *[GREEN] * 40, *[DARK] * 30)


@pytest.fixture
def story(tmp_path):
    return write_mcap(tmp_path / 'bag.mcap', messages_of(STORY))


def rows_of(folder, table='faces'):
    return pq.read_table(folder / f'{table}.parquet').to_pylist()


def test_the_table_has_a_row_for_each_face_and_frame(analysed, story):
    outcome, folder = analysed(story)

    rows = rows_of(folder)
    assert outcome.reason == ''
    assert outcome.notes == []
    assert len(rows) == outcome.figures['faces'] >= 45
    first = rows[0]
    assert first['input'] == str(story)
    assert (first['topic'], first['id'], first['emotion']) == ('/image', 1, 'happy')
    assert first['stamp'] == START + first['frame'] * PERIOD
    assert first['time'] == pytest.approx(first['frame'] * PERIOD / 1e9)
    assert (first['left'], first['top'], first['right'], first['bottom']) == (0, 0, 30, 20)
    assert first['score'] == first['p_happy'] == max(first['p_sad'], first['p_happy'])
    assert first['p_happy'] + first['p_sad'] + first['p_neutral'] == pytest.approx(1)
    assert first['valence'] > 0
    assert first['x'] is None


def test_the_changes_tell_the_story(analysed, story):
    _, folder = analysed(story)

    rows = rows_of(folder, 'changes')
    assert [(one['change'], one['before'], one['emotion']) for one in rows] == [
        ('came', None, 'happy'),
        ('changed', 'happy', 'sad'),
        ('left', 'sad', None),
    ]
    assert rows[0]['score'] > 0.5
    assert rows[-1]['score'] is None


def test_the_table_describes_itself(analysed, story):
    _, folder = analysed(story)

    schema = pq.read_schema(folder / 'faces.parquet')
    assert json.loads(schema.metadata[b'fer_ros'])['model'] == {'name': 'colours'}
    assert all(field.metadata[b'description'] for field in schema)
    assert b'[ns]' in schema.field('stamp').metadata[b'description']


def test_csv_has_the_same_rows(analysed, story):
    _, folder = analysed(story, csv=True)

    for table in ('faces', 'changes'):
        expected = pq.read_table(folder / f'{table}.parquet')
        options = pa.csv.ConvertOptions(
            column_types=expected.schema,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        found = pa.csv.read_csv(folder / f'{table}.csv', convert_options=options)
        assert found.num_rows > 2
        assert found.to_pylist() == expected.to_pylist()


def test_the_rows_are_those_of_the_messages(analysed, story):
    _, folder = analysed(story)

    messages = [
        (log_time, one)
        for topic, log_time, message in recorded_messages(folder / 'result.mcap')
        if topic == '/emotion'
        for log_time, one in [(log_time, found) for found in message.detections]
    ]
    rows = rows_of(folder)
    assert len(messages) == len(rows)
    for (log_time, message), row in zip(messages, rows, strict=True):
        first = message.results[0].hypothesis
        assert (first.class_id, first.score) == (row['emotion'], row['score'])
        assert message.id == str(row['id'])
        assert log_time == row['stamp']


def test_the_messages_are_a_bag_that_rosbags_reads(analysed, story):
    outcome, folder = analysed(story)

    with Reader(folder) as bag:
        counts = {one.topic: one.msgcount for one in bag.connections}
        read = [connection.topic for connection, _, _ in bag.messages()]
    assert counts == {
        '/emotion': len(STORY),
        '/emotion/changes': 3,
        '/emotion/label_info': 1,
    }
    assert {topic: read.count(topic) for topic in counts} == counts
    assert yaml.safe_load((folder / 'metadata.yaml').read_text())
    assert outcome.figures['frames'] == len(STORY)


def test_several_cameras_have_pipelines_and_topics_of_their_own(analysed, tmp_path):
    left = messages_of(filled(*[BLUE] * 10), '/left/image')
    right = messages_of(filled(*[GREEN] * 10), '/right/image')
    messages = sorted(left + right, key=lambda one: one[2])
    path = write_mcap(tmp_path / 'bag.mcap', messages)

    _, folder = analysed(path)

    rows = rows_of(folder)
    assert {(one['topic'], one['emotion'], one['id']) for one in rows} == {
        ('/left/image', 'happy', 1),
        ('/right/image', 'sad', 1),
    }
    topics = {topic for topic, _, _ in recorded_messages(folder / 'result.mcap')}
    assert {'/left/emotion', '/right/emotion', '/left/emotion/label_info'} <= topics


def test_a_chosen_topic_is_the_only_one(analysed, tmp_path):
    messages = messages_of(filled(BLUE, BLUE), '/a/image') + messages_of(filled(BLUE), '/b/image')
    path = write_mcap(tmp_path / 'bag.mcap', messages)

    outcome, _ = analysed(path, topics=('/b/image',))

    assert outcome.figures['frames'] == 1


@pytest.mark.parametrize(
    ('topics', 'expected'),
    [
        ([''], ['']),
        (['/camera/image_raw'], ['']),
        (['/a/image', '/b/image/compressed'], ['/a', '/b']),
        (['/a/left', '/a/right'], ['/a/left', '/a/right']),
        (['/left', '/right'], ['/left', '/right']),
    ],
)
def test_namespaces_of_cameras_differ(topics, expected):
    assert list(namespaces(topics).values()) == expected


def test_an_uneven_video_keeps_its_times(analysed, tmp_path):
    write_uneven_video(tmp_path / 'clip.mp4', [100, 50, 200, 100, 100, 30])

    _, folder = analysed(tmp_path / 'clip.mp4')

    stamps = [
        time for topic, time, _ in recorded_messages(folder / 'result.mcap') if topic == '/emotion'
    ]
    assert np.diff(stamps).round(-6).tolist() == [1e8, 5e7, 2e8, 1e8, 1e8]


def test_a_folder_of_pictures_shows_a_scene_in_each_or_one_in_all(analysed, tmp_path):
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for number, one in enumerate(filled(*[BLUE] * 8)):
        cv2.imwrite(str(folder / f'{number}.png'), one)

    _, scenes = analysed(folder, name='scenes', face_timeout=5.0)
    _, one_scene = analysed(folder, name='one', sequence=True, face_timeout=5.0)

    assert len({row['id'] for row in rows_of(one_scene)}) == 1
    assert len({row['id'] for row in rows_of(scenes)}) != 1


def test_a_damaged_picture_of_a_folder_is_named(analysed, tmp_path):
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for number, one in enumerate(filled(*[BLUE] * 3)):
        cv2.imwrite(str(folder / f'{number}.png'), one)
    (folder / 'damaged.png').write_bytes(b'x')

    outcome, _ = analysed(folder)

    assert len(outcome.notes) == 1
    assert 'damaged.png' in outcome.notes[0]


def test_images_without_a_result_are_counted_and_cost_no_other(analysed, tmp_path):
    messages = messages_of(STORY[:10])
    messages[4] = ('/image', IMAGE, messages[4][2], image(STORY[0], START, 'unheard_of'))
    messages[5] = ('/image', IMAGE, messages[5][2], image(STORY[0], START, 'unheard_of'))
    path = write_mcap(tmp_path / 'bag.mcap', messages)

    outcome, folder = analysed(path)

    assert outcome.reason == ''
    assert outcome.figures['frames'] == 10
    assert outcome.figures['frames_without_result'] == 2
    assert '2 of the images of /image have no result; the first is frame 4' in outcome.notes[0]
    assert 'unheard_of' in outcome.notes[0]
    frames = {one['frame'] for one in rows_of(folder)}
    assert 6 in frames
    assert 4 not in frames


def test_a_recording_without_any_result_has_failed(analysed, tmp_path):
    messages = [('/image', IMAGE, START, image(one, START, 'unknown')) for one in colours(2)]

    outcome, staged = analysed(write_mcap(tmp_path / 'bag.mcap', messages))

    assert outcome.reason.startswith('no image has a result: 2 of the images of /image')
    assert not staged.exists()


def test_a_topic_of_depth_images_is_left_out_unless_chosen(analysed, tmp_path):
    messages = messages_of(STORY[:3])
    messages += [('/x', IMAGE, one[2], depth_image(one[2], (20, 30))) for one in messages]
    path = write_mcap(tmp_path / 'bag.mcap', sorted(messages, key=lambda one: one[2]))

    outcome, _ = analysed(path)
    chosen, _ = analysed(path, name='chosen', topics=('/x',))

    assert outcome.figures['frames'] == 3
    assert outcome.notes == ['/x has depth images or infrared images, and is left out']
    assert chosen.reason.startswith('no image has a result: 3 of the images of /x')


def test_time_that_goes_backwards_is_as_in_the_node(analysed, tmp_path):
    path = write_mcap(tmp_path / 'bag.mcap', 2 * messages_of(STORY[:40]))

    outcome, folder = analysed(path)

    assert outcome.reason == ''
    assert outcome.figures['frames'] == 80
    assert outcome.figures['duration'] == pytest.approx(1.95)
    # The second pass is a new recording, so the person of the first pass has left.
    assert 'left' in [one['change'] for one in rows_of(folder, 'changes')]


@pytest.mark.parametrize('stamp', [0, -(10**9), 2**31 * 10**9 - 1])
def test_any_stamp_is_accepted(analysed, tmp_path, stamp):
    messages = messages_of(STORY[:5])
    for number, one in enumerate(messages):
        one[3].header.stamp.sec, one[3].header.stamp.nanosec = stamp // 10**9, number
    path = write_mcap(tmp_path / 'bag.mcap', messages)

    outcome, folder = analysed(path)

    assert outcome.reason == ''
    assert len(recorded_messages(folder / 'result.mcap')) >= 5


@pytest.mark.parametrize(
    ('messages', 'reason'),
    [
        ([text('a')], 'topics are /chatter .std_msgs/msg/String.'),
        (messages_of(colours(1))[:0], 'it has no topics'),
    ],
)
def test_a_bag_without_images_fails_with_its_topics(analysed, tmp_path, messages, reason):
    outcome, folder = analysed(write_mcap(tmp_path / 'bag.mcap', messages))

    assert re.search(reason, outcome.reason)
    assert not folder.exists()


@pytest.mark.parametrize(
    ('name', 'content', 'reason'),
    [
        ('none.mp4', None, 'there is no file or folder'),
        ('empty.mp4', b'', 'is empty .0 bytes.'),
        ('words.mp4', b'words', 'neither as a video nor as a picture'),
        ('empty.mcap', b'', 'is empty'),
        ('words.bag', b'words', 'begins with'),
        ('start.mcap', b'\x89MCAP0\r\n', 'no topics; start.mcap: .* cut off or damaged'),
    ],
)
def test_what_cannot_be_read_fails_with_a_sentence(analysed, tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    outcome, folder = analysed(path)

    assert re.search(reason, outcome.reason)
    assert '\n' not in outcome.reason
    assert not folder.exists()


def test_a_failing_back_end_fails_the_recording(analysed, models, story):
    models.classifier.error = BackendError('out of order')

    outcome, folder = analysed(story)

    assert outcome.reason == 'out of order'
    assert not folder.exists()
