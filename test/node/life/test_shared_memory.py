"""Test the shared memory that Fast DDS needs, and the files that ended processes left in it."""

import fcntl
import os
from pathlib import Path
import subprocess

import pytest

from fer_ros.node.life import shared_memory
from fer_ros.node.life.shared_memory import CLEAN_COMMAND
from fer_ros.node.life.shared_memory import find_leftovers
from fer_ros.node.life.shared_memory import free_memory
from fer_ros.node.life.shared_memory import needed_memory
from fer_ros.node.life.shared_memory import ProfileError
from fer_ros.node.life.shared_memory import segments_of

CONFIG = Path(__file__).resolve().parents[3] / 'config'

SEGMENT = """
<dds xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles"><profiles>
  <transport_descriptors>{}</transport_descriptors>
  <participant><rtps>{}</rtps></participant>
</profiles></dds>
"""
OWN = '<transport_descriptor><type>SHM</type>{}</transport_descriptor>'
NO_BUILTIN = '<useBuiltinTransports>false</useBuiltinTransports>'


def segment(folder, number, locked=False, age=60.0, size=8192, name='fastrtps_{:016x}'):
    """Create the two files of a segment like Fast DDS does. The returned file holds its lock."""
    path = folder / name.format(number)
    path.write_bytes(b'\1' * size)
    lock = folder / f'{path.name}_el'
    lock.touch()
    stamp = lock.stat().st_mtime - age
    os.utime(lock, (stamp, stamp))
    if not locked:
        return None
    held = lock.open()
    fcntl.flock(held, fcntl.LOCK_EX)
    return held


@pytest.mark.parametrize(
    ('transports', 'rtps', 'sizes'),
    [
        (OWN.format('<segment_size>1000000</segment_size>'), NO_BUILTIN, [1000000]),
        (OWN.format('<segment_size>1000000</segment_size>'), '', [1000000, 524288]),
        (OWN.format(''), NO_BUILTIN, [524288]),
        (OWN.format('<segment_size>a lot</segment_size>'), NO_BUILTIN, [524288]),
        (OWN.format('<segment_size>-5</segment_size>'), NO_BUILTIN, [524288]),
        ('<transport_descriptor><type>UDPv4</type></transport_descriptor>', NO_BUILTIN, []),
        ('', '', [524288]),
    ],
)
def test_the_segments_of_a_profile_are_read(tmp_path, monkeypatch, transports, rtps, sizes):
    monkeypatch.delenv('FASTDDS_BUILTIN_TRANSPORTS', raising=False)
    profile = tmp_path / 'own.xml'
    profile.write_text(SEGMENT.format(transports, rtps))

    assert segments_of(profile) == sizes


def test_the_shipped_profiles_have_the_segments_that_their_names_promise():
    sizes = [segments_of(CONFIG / f'fastdds{name}.xml') for name in ('', '_small', '_udp')]

    assert sizes == [[33554432], [6815744], []]


@pytest.mark.parametrize(
    'content',
    [
        None,
        b'<dds>',
        b'\xff\xfe\x00',
        b'<!DOCTYPE a [<!ENTITY b "c">]><dds/>',
        b' ' * (1 << 21),
        'a pipe',
        'a folder',
    ],
)
def test_a_profile_that_cannot_be_read_is_named_in_a_short_sentence(tmp_path, content):
    profile = tmp_path / 'bad\nname.xml'
    if content == 'a pipe':
        os.mkfifo(profile)
    elif content == 'a folder':
        profile.mkdir()
    elif content is not None:
        profile.write_bytes(content)

    with pytest.raises(ProfileError) as raised:
        segments_of(profile)

    assert r'bad\nname.xml' in str(raised.value)
    assert '\n' not in str(raised.value)
    assert len(str(raised.value)) < 300


def test_the_need_covers_what_a_process_was_measured_to_take():
    # Measured with `ls -s /dev/shm` for one process with each profile: 7632, 34968 and 660 KiB.
    for segments, kibibytes in (([6815744], 7632), ([33554432], 34968), ([524288], 660)):
        measured = kibibytes << 10
        assert measured <= needed_memory(segments) <= measured + (1 << 20)
    assert needed_memory([]) == 0


def test_the_segments_of_ended_processes_are_counted_and_those_of_living_ones_are_not(tmp_path):
    held = segment(tmp_path, 1, locked=True)
    segment(tmp_path, 2)
    segment(tmp_path, 3, size=16384, name='fastdds_{:016x}')
    segment(tmp_path, 4, age=1.0)
    segment(tmp_path, 5, name='fastrtps_port{:05d}')
    (tmp_path / 'fastrtps_0000000000000006').write_bytes(b'1' * 8192)
    link = tmp_path / 'fastrtps_0000000000000006_el'
    link.symlink_to(tmp_path / 'fastrtps_0000000000000002_el')
    os.mkfifo(tmp_path / 'fastrtps_0000000000000007_el')
    (tmp_path / 'fastrtps_0000000000000008_el').mkdir()

    found = find_leftovers(tmp_path)

    held.close()
    assert (found.count, found.size) == (2, 8192 + 16384)
    assert (
        '2 segments of ended processes use 0.0 MiB; remove them with: for lock in /dev/shm'
        in str(found)
    )


def test_the_command_removes_the_segments_of_ended_processes_alone(tmp_path):
    held = segment(tmp_path, 1, locked=True)
    segment(tmp_path, 2)
    segment(tmp_path, 3, name='fastrtps_port{:05d}')
    segment(tmp_path, 10, name='fastdds_{:016x}')
    command = CLEAN_COMMAND.replace(str(shared_memory.FOLDER), str(tmp_path))

    subprocess.run(['sh', '-c', command], check=True, timeout=60)

    held.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'fastrtps_0000000000000001',
        'fastrtps_0000000000000001_el',
        'fastrtps_port00003',
        'fastrtps_port00003_el',
    ]


def test_looking_for_leftovers_changes_and_locks_nothing(tmp_path):
    segment(tmp_path, 2)
    before = sorted((path.name, path.stat().st_mtime) for path in tmp_path.iterdir())

    find_leftovers(tmp_path)

    with (tmp_path / 'fastrtps_0000000000000002_el').open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert sorted((path.name, path.stat().st_mtime) for path in tmp_path.iterdir()) == before


def test_a_folder_that_is_not_there_has_no_memory(tmp_path):
    assert free_memory(tmp_path) > 0
    assert free_memory(tmp_path / 'gone') == 0
    assert find_leftovers(tmp_path / 'gone').count == 0
