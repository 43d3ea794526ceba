"""What the process takes for itself."""

import os
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from fer_ros.node import footprint
from fer_ros.node.footprint import FreedMemory
from fer_ros.node.footprint import PROFILE_VARIABLES
from fer_ros.node.footprint import take_little_memory

CONFIG = Path(__file__).resolve().parents[2] / 'config'


def written(path):
    """Read a profile: the elements with their texts, and the sizes apart."""
    elements = [(one.tag, (one.text or '').strip()) for one in ElementTree.parse(path).iter()]
    sizes = {tag: int(text) for tag, text in elements if tag.endswith(('segment_size', 'Size'))}
    return [one for one in elements if one[0] not in sizes], list(sizes.values())


def test_both_profiles_differ_in_nothing_but_their_sizes():
    large, small = (written(CONFIG / name) for name in ('fastdds.xml', 'fastdds_small.xml'))

    assert large[0] == small[0]
    assert large[1] == [32 << 20, 16 << 20]
    # An annotated image of 1920x1080 has room in both.
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
    """Count how often freed memory is returned to the system."""
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


def test_memory_is_returned_after_each_image_that_is_refused(trims):
    settle_all(0, 0)

    assert trims == [0, 0]


def test_another_c_library_has_nothing_to_return(monkeypatch):
    monkeypatch.setattr(footprint.ctypes, 'CDLL', lambda _: object())

    settle_all(1000, 0, 1)
