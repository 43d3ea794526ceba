import mmap
from pathlib import Path
import sys

import pytest

from fer_ros.perception.backends import mapped_file
from fer_ros.perception.backends.mapped_file import let_go_of_pages

SIZE = 64 * mmap.PAGESIZE


def resident(path):
    """Return the resident size of a mapped file in this process, in bytes."""
    lines = Path('/proc/self/smaps').read_text(encoding='utf-8').splitlines()
    start = next(index for index, line in enumerate(lines) if line.endswith(str(path)))
    entry = next(line for line in lines[start:] if line.startswith('Rss:'))
    return 1024 * int(entry.split()[1])


@pytest.fixture(name='path')
def _path(tmp_path):
    path = tmp_path / 'weights of a network.bin'
    path.write_bytes(bytes(range(256)) * (SIZE // 256))
    return path


@pytest.mark.skipif(sys.platform != 'linux', reason='the list of mappings is that of Linux')
def test_a_process_holds_no_page_of_what_it_has_read_and_can_read_it_again(path):
    with open(path, 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        read = mapped[:]
        assert resident(path) == SIZE

        assert let_go_of_pages(path) == SIZE

        assert resident(path) == 0
        assert mapped[:] == read


@pytest.mark.skipif(sys.platform != 'linux', reason='the list of mappings is that of Linux')
def test_what_is_written_to_a_private_mapping_stays(path):
    with open(path, 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        mapped[0] = 77

        assert let_go_of_pages(path) == 0

        assert mapped[0] == 77


def test_nothing_is_done_for_a_file_that_is_not_mapped_or_without_a_list(path, monkeypatch):
    assert let_go_of_pages(path) == 0

    monkeypatch.setattr(mapped_file, 'MAPS', path.with_name('no such list'))

    assert let_go_of_pages(path) == 0
