"""What the start of the node must not wait for."""

import subprocess
import sys

import pytest

# A fresh process that finds out by itself that there is nothing for these to do.
SCRIPT = """
import sys
import fer_ros.perception.classification.classifier
import fer_ros.perception.drawing.annotations
import fer_ros.perception.pipeline
print(*sys.modules)
"""


@pytest.mark.parametrize('library', ['scipy', 'tensorflow', 'torch', 'jax', 'keras'])
def test_perception_is_imported_without_what_takes_long(library, modules):
    assert library not in modules


@pytest.fixture(scope='module')
def modules():
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT], capture_output=True, text=True, check=True
    )
    return done.stdout.split()
