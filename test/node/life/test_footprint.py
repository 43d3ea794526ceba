"""Test the Fast DDS profiles, the heap and the shared memory of the process."""

import os
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from fer_ros.node.life import footprint
from fer_ros.node.life.footprint import fit_shared_memory
from fer_ros.node.life.footprint import FreedMemory
from fer_ros.node.life.footprint import GrownMemory
from fer_ros.node.life.footprint import LARGEST_KEPT
from fer_ros.node.life.footprint import PROFILE_VARIABLES
from fer_ros.node.life.footprint import RETURNS
from fer_ros.node.life.footprint import take_little_memory
from fer_ros.node.life.footprint import TRANSPORTS_VARIABLE
from fer_ros.node.life.shared_memory import CLEAN_COMMAND

CONFIG = Path(__file__).resolve().parents[3] / 'config'


def written(path):
    """Read a profile. Return its elements with their texts, and its sizes separately."""
    elements = [(one.tag, (one.text or '').strip()) for one in ElementTree.parse(path).iter()]
    sizes = {tag: int(text) for tag, text in elements if tag.endswith(('segment_size', 'Size'))}
    return [one for one in elements if one[0] not in sizes], list(sizes.values())


def test_both_profiles_differ_in_nothing_but_their_sizes():
    large, small = (written(CONFIG / name) for name in ('fastdds.xml', 'fastdds_small.xml'))

    assert large[0] == small[0]
    assert large[1] == [32 << 20, 16 << 20]
    # Both sizes have room for an annotated image of 1920x1080.
    assert all(1920 * 1080 * 3 + 500_000 < size < 7 << 20 for size in small[1])


@pytest.mark.parametrize('variable', PROFILE_VARIABLES)
def test_the_node_takes_the_small_profile_beside_the_large_one(variable, monkeypatch):
    monkeypatch.setenv(variable, str(CONFIG / 'fastdds.xml'))

    take_little_memory()

    assert os.environ[variable] == str(CONFIG / 'fastdds_small.xml')


@pytest.mark.parametrize('name', ['own.xml', 'fastdds.xml'])
def test_a_profile_of_the_users_own_stays(name, tmp_path, monkeypatch):
    own = tmp_path / name
    own.write_text('<dds/>')
    monkeypatch.setenv(PROFILE_VARIABLES[0], str(own))

    take_little_memory()

    assert os.environ[PROFILE_VARIABLES[0]] == str(own)


def test_without_a_profile_there_is_none_afterwards(monkeypatch):
    for variable in PROFILE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)

    take_little_memory()

    assert not set(PROFILE_VARIABLES) & set(os.environ)


@pytest.fixture
def trims(monkeypatch):
    """Count the calls that return freed memory to the system."""
    calls = []
    library = SimpleNamespace(malloc_trim=calls.append)
    monkeypatch.setattr(footprint.ctypes, 'CDLL', lambda _: library)
    return calls


def settle_all(*sizes):
    freed = FreedMemory()
    for size in sizes:
        freed.settle(size)


def test_images_of_about_one_size_keep_the_heap_after_the_first(trims):
    settle_all(900, 1000, 900, 500, 1000, 500)

    assert trims == [0]


@pytest.mark.parametrize('sizes', [(1000, 499, 499, 499), (1000, 600, 400, 400), (100, 0, 100)])
def test_memory_is_returned_once_when_images_need_less_than_half(sizes, trims):
    settle_all(*sizes)

    assert trims == [0, 0]


def test_memory_is_returned_after_each_image_that_does_not_fit_into_the_heap(trims):
    large = LARGEST_KEPT + 1

    settle_all(LARGEST_KEPT, LARGEST_KEPT, large, large)

    assert trims == 3 * [0]


def test_memory_is_returned_after_each_image_that_is_refused(trims):
    settle_all(0, 0)

    assert trims == [0, 0]


def look_at(*resident):
    sizes = iter(resident)
    grown = GrownMemory(lambda: next(sizes) << 20)
    for _ in resident:
        grown.look()


@pytest.mark.parametrize('resident', [(150, 160, 181, 170), (150, 100, 100), (10, 40, 41, 42)])
def test_a_process_that_does_not_grow_keeps_its_heap(trims, resident):
    look_at(*resident)

    assert trims == []


def test_memory_is_returned_some_times_after_the_process_has_grown(trims):
    look_at(150, 300, 300, 200, 200, 220, 200)

    assert trims == RETURNS * [0]


def test_memory_is_returned_each_time_that_the_process_has_grown(trims):
    look_at(150, *[300] * RETURNS, 160, *[300] * RETURNS, 160)

    assert trims == 2 * RETURNS * [0]


def test_memory_in_use_is_the_level_from_then_on(trims):
    look_at(150, *[300] * 10 * RETURNS)

    assert trims == RETURNS * [0]


def test_another_c_library_has_nothing_to_return(monkeypatch):
    monkeypatch.setattr(footprint.ctypes, 'CDLL', lambda _: object())

    settle_all(1000, 0, 1)


@pytest.fixture
def unset(monkeypatch):
    for variable in (*PROFILE_VARIABLES, TRANSPORTS_VARIABLE, 'RMW_IMPLEMENTATION'):
        # The variable is first set, so that monkeypatch also restores it if only the test sets it.
        monkeypatch.setenv(variable, '')
        monkeypatch.delenv(variable)
    return monkeypatch


@pytest.fixture
def free(unset):
    """Return a function that sets the free shared memory [MiB]."""

    def set_free(size):
        unset.setattr(footprint, 'free_memory', lambda folder: int(size * 2**20))

    return set_free


def test_the_profile_without_shared_memory_differs_from_the_others_in_nothing_else():
    def of_discovery(name):
        root = ElementTree.parse(CONFIG / name).getroot()
        return [
            (one.tag, (one.text or '').strip())
            for found in root.iter()
            if found.tag.endswith(('builtin', 'useBuiltinTransports'))
            for one in found.iter()
        ]

    text = (CONFIG / 'fastdds_udp.xml').read_text()

    assert of_discovery('fastdds_udp.xml') == of_discovery('fastdds.xml')
    assert '<type>UDPv4</type>' in text
    assert '<type>SHM</type>' not in text


@pytest.mark.parametrize('variable', PROFILE_VARIABLES)
@pytest.mark.parametrize(
    ('profile', 'size', 'fits'),
    [
        ('fastdds.xml', 36, True),
        ('fastdds.xml', 30, False),
        ('fastdds_small.xml', 8, True),
        ('fastdds_small.xml', 7, False),
        ('fastdds_small.xml', 0, False),
    ],
)
def test_a_shipped_profile_that_does_not_fit_is_replaced_by_udp_alone(
    unset, free, tmp_path, variable, profile, size, fits
):
    unset.setenv(variable, str(CONFIG / profile))
    free(size)

    warning = fit_shared_memory(tmp_path)

    assert os.environ[variable] == str(CONFIG / (profile if fits else 'fastdds_udp.xml'))
    assert bool(warning) != fits
    if not fits:
        assert f'has {size}.0 MiB free, but Fast DDS needs ' in warning
        assert 'this node uses only UDP' in warning
        assert '--shm-size' in warning


def test_without_a_profile_and_without_room_fast_dds_is_kept_from_shared_memory(
    unset, free, tmp_path
):
    free(1)

    assert 'this node uses only UDP' in fit_shared_memory(tmp_path)

    assert os.environ[TRANSPORTS_VARIABLE] == 'UDPv4'
    # With this setting, there is no reason for a warning.
    assert fit_shared_memory(tmp_path) == ''


def test_a_profile_of_the_users_own_that_does_not_fit_stays_with_a_warning(unset, free, tmp_path):
    unset.chdir(tmp_path)
    own = Path('own.xml')
    own.write_text((CONFIG / 'fastdds.xml').read_text())
    unset.setenv(PROFILE_VARIABLES[0], str(own))
    free(7)

    warning = fit_shared_memory(tmp_path)

    assert os.environ[PROFILE_VARIABLES[0]] == str(own)
    assert TRANSPORTS_VARIABLE not in os.environ
    assert "needs 34.5 MiB for the profile 'own.xml': messages to other nodes" in warning


def test_a_profile_that_cannot_be_read_is_warned_of(unset, tmp_path):
    unset.chdir(tmp_path)
    unset.setenv(PROFILE_VARIABLES[0], 'gone.xml')

    warning = fit_shared_memory(tmp_path)

    assert warning == (
        f'Fast DDS cannot use the profile in {PROFILE_VARIABLES[0]}: '
        "'gone.xml': No such file or directory"
    )


def test_another_middleware_needs_no_shared_memory_of_fast_dds(unset, free, tmp_path):
    unset.setenv('RMW_IMPLEMENTATION', 'rmw_cyclonedds_cpp')
    free(0)

    assert fit_shared_memory(tmp_path) == ''


@pytest.mark.parametrize('size', [0, 100])
def test_segments_of_ended_processes_are_named_with_the_command_that_removes_them(
    unset, free, tmp_path, size
):
    free(size)
    (tmp_path / 'fastrtps_00000000000000ab').write_bytes(b'\1' * (3 << 20))
    lock = tmp_path / 'fastrtps_00000000000000ab_el'
    lock.touch()
    os.utime(lock, (1, 1))

    warning = fit_shared_memory(tmp_path)

    told = f'1 segments of ended processes use 3.0 MiB; remove them with: {CLEAN_COMMAND}'
    assert told in warning
    assert ('only UDP' in warning) == (size == 0)
