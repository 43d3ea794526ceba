import pytest

from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models import known_files


@pytest.fixture
def accepted(monkeypatch):
    """
    Return the set of content that was accepted in this process.

    The set is empty at first, and the original set is restored after the test.
    """
    found = set()
    monkeypatch.setattr(known_files, '_accepted', found)
    return found


@pytest.fixture
def known_weights(tmp_path, monkeypatch, accepted):
    """
    Return a function that creates a file in the working folder and accepts it for a detector.

    The detector then loads the file without a trial.
    """
    monkeypatch.chdir(tmp_path)

    def make(name, detector, content=b'weights of a stand-in'):
        (tmp_path / name).write_bytes(content)
        known_files.accept(sha256_of_bytes(content), detector)
        return name

    return make
