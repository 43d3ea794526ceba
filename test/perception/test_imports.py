"""Test that the start of the node does not import slow modules."""

import subprocess
import sys

import pytest

# This script runs in a new process and prints the names of all imported modules.
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
