from pathlib import Path

import pytest

from fer_ros.doctor import shared_memory
from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN
from fer_ros.doctor.shared_memory import check_shared_memory
from fer_ros.doctor.shared_memory import SHIPPED_SEGMENTS
from fer_ros.node.life.shared_memory import Leftovers
from fer_ros.node.life.shared_memory import PROFILE_VARIABLES
from fer_ros.node.life.shared_memory import segments_of
from findings import levels

SEGMENT = (
    '<dds><profiles><transport_descriptor><type>SHM</type><segment_size>{}</segment_size>'
    '</transport_descriptor><useBuiltinTransports>false</useBuiltinTransports></profiles></dds>'
)
UDP = '<dds><useBuiltinTransports>false</useBuiltinTransports></dds>'


@pytest.mark.parametrize(
    ('content', 'level', 'sentence'),
    [
        (SEGMENT.format(33554432), OK, 'a segment of 32.0 MiB'),
        (SEGMENT.format(524288), WARN, 'a segment of 524288 bytes. Large images are lost below'),
        (UDP, WARN, 'a segment of 0 bytes'),
        ('<dds>', FAIL, 'not XML'),
        (None, FAIL, 'No such file'),
    ],
)
@pytest.mark.parametrize('variable', PROFILE_VARIABLES)
def test_the_shared_memory_profile_is_looked_at(
    monkeypatch, tmp_path, variable, content, level, sentence
):
    for name in (*PROFILE_VARIABLES, 'RMW_IMPLEMENTATION'):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / 'profile.xml'
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv(variable, str(path))

    finding, *_ = check_shared_memory()

    assert finding.level == level
    assert sentence in finding.sentence


def test_a_profile_that_the_launch_file_sets_anyway_is_explained_and_not_warned_of(monkeypatch):
    for name in (*PROFILE_VARIABLES, 'RMW_IMPLEMENTATION'):
        monkeypatch.delenv(name, raising=False)
    finding, *_ = check_shared_memory()
    assert finding.level == OK
    assert 'The launch files set config/fastdds.xml' in finding.sentence

    monkeypatch.setenv('RMW_IMPLEMENTATION', 'rmw_cyclonedds_cpp')
    (finding,) = check_shared_memory()
    assert finding.level == OK


def test_shared_memory_without_room_is_warned_of_with_what_is_left_in_it(monkeypatch):
    monkeypatch.delenv('RMW_IMPLEMENTATION', raising=False)
    monkeypatch.setattr(shared_memory, 'free_memory', lambda: 40 << 20)
    monkeypatch.setattr(shared_memory, 'find_leftovers', lambda: Leftovers(3, 22 << 20))

    _, room, left = check_shared_memory()

    assert room.level == left.level == WARN
    assert room.sentence.startswith('40.0 MiB are free; a camera and the node need 42.3 MiB')
    assert left.sentence.startswith('3 segments of ended processes use 22.0 MiB; remove them with')


def test_the_sizes_of_the_shipped_segments_are_those_of_the_profiles():
    config = Path(__file__).parents[2] / 'config'
    sizes = [segments_of(config / f'fastdds{name}.xml') for name in ('', '_small')]

    assert sizes == [[size] for size in SHIPPED_SEGMENTS]


def test_the_shipped_profile_is_large_enough(monkeypatch):
    profile = Path(__file__).parents[2] / 'config' / 'fastdds.xml'
    monkeypatch.delenv('RMW_IMPLEMENTATION', raising=False)
    monkeypatch.setenv(PROFILE_VARIABLES[0], str(profile))

    assert levels(check_shared_memory())['shared memory'] == OK
