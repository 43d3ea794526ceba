from contextlib import suppress
import shutil
import sqlite3

from mcap.writer import CompressionType
import numpy as np
import pytest

from bags import colours
from bags import compress
from bags import image
from bags import messages_of
from bags import PERIOD
from bags import ROS1
from bags import START
from bags import text
from bags import write_mcap
from bags import write_ros1
from bags import write_ros2
from fer_ros.sources.bags.bag import Bag
from fer_ros.sources.bags.cameras import Camera
from fer_ros.sources.bags.cameras import find_cameras
from fer_ros.sources.bags.frames import BagFrames
from fer_ros.sources.base import SourceError

# Noise, which no compression makes smaller.
PICTURES = list(np.random.default_rng(1).integers(0, 256, (8, 20, 30, 3), np.uint8))


def frames_of(path, *cameras):
    """Read all frames of a bag, and give its faults."""
    bag = Bag(path)
    found = list(BagFrames(bag, cameras or find_cameras(bag.topics)))
    assert bag.done == 1
    return found, bag.faults


def assert_complete(frames, pictures=PICTURES):
    assert [one.stamp for one in frames] == [
        START + number * PERIOD for number in range(len(pictures))
    ]
    assert all((one.image == two).all() for one, two in zip(frames, pictures, strict=True))
    assert {one.frame_id for one in frames} == {'camera'}


def mcap(folder, **options):
    return write_mcap(folder / 'bag.mcap', [text('a'), *messages_of(PICTURES)], **options)


BAGS = {
    'mcap': mcap,
    'mcap_lz4': lambda folder: mcap(folder, compression=CompressionType.LZ4),
    'mcap_plain': lambda folder: mcap(folder, compression=CompressionType.NONE),
    'mcap_without_chunks': lambda folder: mcap(folder, use_chunking=False),
    'mcap_without_index': lambda folder: mcap(
        folder, use_statistics=False, use_summary_offsets=False, repeat_channels=False
    ),
    'mcap_compressed_file': lambda folder: compress(mcap(folder)),
    'mcap_folder': lambda folder: write_ros2(folder / 'bag', messages_of(PICTURES), 'mcap'),
    'mcap_compressed_messages': lambda folder: write_ros2(
        folder / 'bag', messages_of(PICTURES), 'mcap', compression='message'
    ),
    'sqlite': lambda folder: write_ros2(folder / 'bag', messages_of(PICTURES)),
    'sqlite_compressed_messages': lambda folder: write_ros2(
        folder / 'bag', messages_of(PICTURES), compression='message'
    ),
    'sqlite_compressed_file': lambda folder: write_ros2(
        folder / 'bag', messages_of(PICTURES), compression='file'
    ),
    'compressed_images': lambda folder: write_mcap(
        folder / 'bag.mcap', messages_of(PICTURES, '/image/compressed', compressed=True)
    ),
    'ros1': lambda folder: write_ros1(folder / 'a.bag', messages_of(PICTURES, store=ROS1)),
    'ros1_bz2': lambda folder: write_ros1(
        folder / 'a.bag', messages_of(PICTURES, store=ROS1), 'BZ2'
    ),
    'ros1_lz4': lambda folder: write_ros1(
        folder / 'a.bag', messages_of(PICTURES, store=ROS1), 'LZ4'
    ),
}


@pytest.mark.parametrize('make', BAGS.values(), ids=BAGS)
def test_every_image_of_a_bag_is_read_with_its_stamp(make, tmp_path):
    frames, faults = frames_of(make(tmp_path))

    assert faults == []
    assert_complete(frames)


def test_a_file_of_a_bag_is_read_without_its_folder(tmp_path):
    folder = write_ros2(tmp_path / 'bag', messages_of(PICTURES))
    (file,) = folder.glob('*.db3')

    assert_complete(frames_of(file)[0])


@pytest.mark.parametrize('make', [mcap, BAGS['mcap_without_chunks'], BAGS['ros1_lz4']])
@pytest.mark.parametrize('part', [0.5, 0.9])
def test_a_bag_that_was_cut_off_gives_what_is_readable_and_says_so(make, part, tmp_path):
    path = make(tmp_path)
    data = path.read_bytes()
    whole = len(frames_of(path)[0])
    path.write_bytes(data[: int(part * len(data))])

    frames, faults = frames_of(path)

    assert_complete(frames, PICTURES[: len(frames)])
    assert len(frames) >= int(part * whole) - 3
    assert 'cut off' in ' '.join(faults)


def test_a_compressed_file_that_was_cut_off_gives_what_is_readable(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (8, 100, 100, 3), np.uint8)
    path = compress(write_mcap(tmp_path / 'bag.mcap', messages_of(noise)))
    data = path.read_bytes()
    path.write_bytes(data[: int(0.8 * len(data))])

    frames, faults = frames_of(path)

    assert 3 <= len(frames) < 8
    assert 'cut off' in faults[0]


@pytest.mark.parametrize('part', [0.4, 0.8])
def test_a_database_that_was_cut_off_gives_what_is_readable(tmp_path, part):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 60, 3), np.uint8)
    folder = write_ros2(tmp_path / 'bag', messages_of(noise))
    (path,) = folder.glob('*.db3')
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])

    frames, faults = frames_of(folder)

    assert 60 * part - 12 <= len(frames) < 60
    assert_complete(frames, noise[: len(frames)])
    assert 'cut off' in faults[0]


def test_a_damaged_chunk_costs_only_its_images(tmp_path):
    path = mcap(tmp_path, compression=CompressionType.NONE)
    data = bytearray(path.read_bytes())
    place = data.index(PICTURES[4].tobytes())
    data[place] ^= 255
    path.write_bytes(data)

    frames, faults = frames_of(path)

    assert 4 <= len(frames) < 8
    assert frames[-1].stamp == START + 7 * PERIOD
    assert 'is damaged' in faults[0]


@pytest.mark.parametrize('seed', range(12))
@pytest.mark.parametrize('make', [mcap, BAGS['sqlite'], BAGS['ros1']])
def test_random_damage_is_never_an_error_of_the_program(make, seed, tmp_path):
    path = make(tmp_path)
    if path.is_dir():
        (path,) = path.glob('*.db3')
    generator = np.random.default_rng(seed)
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    data[generator.integers(0, len(data), 30)] = generator.integers(0, 256, 30)
    path.write_bytes(data.tobytes())

    with suppress(SourceError):
        assert len(frames_of(path, Camera('/image'))[0]) <= 8


def test_a_split_bag_is_one_recording_in_the_order_of_its_files(tmp_path):
    messages = messages_of(colours(12))
    folder = tmp_path / 'bag'
    folder.mkdir()
    for number in range(12):
        write_mcap(folder / f'bag_{number}.mcap', [messages[number]])

    assert_complete(frames_of(folder)[0], colours(12))


def test_metadata_of_an_empty_storage_id_and_wrong_times_do_no_harm(tmp_path):
    folder = write_ros2(tmp_path / 'bag', messages_of(PICTURES))
    metadata = folder / 'metadata.yaml'
    words = metadata.read_text().replace('storage_identifier: sqlite3', "storage_identifier: ''")
    metadata.write_text(words.replace(str(START), '0'))

    assert_complete(frames_of(folder)[0])


def test_a_missing_file_of_a_split_bag_is_reported(tmp_path):
    folder = write_ros2(tmp_path / 'bag', messages_of(PICTURES))
    (file,) = folder.glob('*.db3')
    shutil.copy(file, folder / 'other.db3')
    file.unlink()

    frames, faults = frames_of(folder)

    assert_complete(frames)
    assert '1 of 1 files of the bag are missing' in faults[0]


def test_an_unreadable_file_of_a_split_bag_costs_only_itself(tmp_path):
    folder = tmp_path / 'bag'
    folder.mkdir()
    write_mcap(folder / 'bag_0.mcap', messages_of(PICTURES))
    (folder / 'bag_1.mcap').write_bytes(b'')

    frames, faults = frames_of(folder)

    assert_complete(frames)
    assert faults == ['bag_1.mcap: the file is empty (0 bytes)']


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'is empty'),
        (b'hello world', 'begins with'),
        (b'\x89MCAP0\r\n', 'no topics'),
        (b'SQLite format 3\0' + bytes(100), ''),
        (b'\x28\xb5\x2f\xfd' + bytes(100), ''),
        (b'#ROSBAG V2.0\n' + b'\xff' * 100, 'no topics'),
    ],
)
def test_a_file_that_is_no_bag_is_refused_in_a_sentence(content, reason, tmp_path):
    path = tmp_path / 'broken.mcap'
    path.write_bytes(content)

    with pytest.raises(SourceError, match=reason) as refused:
        frames_of(path)

    assert '\n' not in str(refused.value)


def test_depth_and_calibration_come_with_the_image_of_the_same_time(tmp_path):
    messages = messages_of(PICTURES, depth=True)
    # Depth images are often published after the image of the same time.
    messages.sort(key=lambda one: one[2] + (2_000_000 if one[0] == '/depth' else 0))
    path = write_mcap(tmp_path / 'bag.mcap', messages)

    frames, _ = frames_of(path)

    assert_complete(frames)
    for frame in frames:
        stamp = frame.depth.header.stamp
        assert stamp.sec * 10**9 + stamp.nanosec == frame.stamp
        assert frame.calibration.k[0] == 600


def test_depth_of_ros1_comes_with_the_image(tmp_path):
    messages = messages_of(PICTURES, depth=True, store=ROS1)
    path = write_ros1(tmp_path / 'a.bag', messages)

    frames, _ = frames_of(path)

    assert all(one.calibration.k[0] == 600 and one.depth is not None for one in frames)


def test_an_image_without_near_depth_has_none(tmp_path):
    messages = messages_of(PICTURES[:1], depth=True) + messages_of(PICTURES[:3])[2:]
    path = write_mcap(tmp_path / 'bag.mcap', messages)

    frames, _ = frames_of(path, Camera('/image', '/depth', '/camera_info'))

    assert [one.depth is not None for one in frames] == [True, False]


def test_an_image_that_cannot_be_decoded_costs_only_itself(tmp_path):
    messages = messages_of(PICTURES)
    messages[3] = ('/image', *messages[3][1:3], image(PICTURES[3], START, 'unheard_of'))
    messages[5] = ('/image', *messages[5][1:3], image(PICTURES[3], START, step=3))
    path = write_mcap(tmp_path / 'bag.mcap', messages)

    frames, faults = frames_of(path)

    assert [bool(one.error) for one in frames] == [n in (3, 5) for n in range(8)]
    assert 'unheard_of' in frames[3].error
    assert faults == []


def test_a_message_that_is_cut_costs_only_itself(tmp_path):
    folder = write_ros2(tmp_path / 'bag', messages_of(PICTURES))
    (file,) = folder.glob('*.db3')
    with sqlite3.connect(file) as database:
        database.execute('UPDATE messages SET data = substr(data, 1, 30) WHERE id = 4')

    frames, _ = frames_of(folder)

    assert [bool(one.error) for one in frames] == [n == 3 for n in range(8)]
