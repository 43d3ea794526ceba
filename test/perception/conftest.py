import pytest

from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models import known_files


@pytest.fixture
def accepted(monkeypatch):
    """Give the set of content that was accepted in this process, empty until the test's end."""
    found = set()
    monkeypatch.setattr(known_files, '_accepted', found)
    return found


@pytest.fixture
def known_weights(tmp_path, monkeypatch, accepted):
    """Give a function that makes a file in the working folder, and accepts it for a detector."""
    monkeypatch.chdir(tmp_path)

    def make(name, detector, content=b'weights of a stand-in'):
        (tmp_path / name).write_bytes(content)
        known_files.accept(sha256_of_bytes(content), detector)
        return name

    return make
