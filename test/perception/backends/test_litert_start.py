import os
from pathlib import Path
import subprocess
import sys
import threading

import pytest

from fer_ros.perception.backends.litert_start import START_UP_LINES
from fer_ros.perception.backends.litert_start import without_start_up_lines

ROOT = Path(__file__).resolve().parents[3]
LINE = b'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n'

LOAD = """
from pathlib import Path
from fer_ros.perception.backends.litert import LiteRtBackend
from fer_ros.perception.backends.litert import BackendError
LiteRtBackend(Path('models/fer2013_tiny/model.tflite').read_bytes())
"""


def run_python(script, **options):
    pytest.importorskip('ai_edge_litert')
    return subprocess.run(
        [sys.executable, '-c', script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,
    )


def test_a_network_is_loaded_without_any_line():
    done = run_python(LOAD)

    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')


def test_the_line_has_the_expected_form_without_the_redirection():
    # This test fails if a new version of LiteRT changes the line. Otherwise, the other tests would
    # pass without testing anything.
    done = run_python(
        f'import fer_ros.perception.backends.litert_start as start\nstart._started = True\n{LOAD}'
    )

    assert START_UP_LINES.sub(b'', done.stderr.encode()) == b''


def test_a_process_without_standard_error_loads_a_network():
    done = run_python(f'import os\nos.close(2)\n{LOAD}\nprint("loaded")')

    assert done.stdout == 'loaded\n'


def test_the_doctor_prints_no_start_up_line():
    pytest.importorskip('ai_edge_litert')

    done = subprocess.run(
        [sys.executable, '-m', 'fer_ros.doctor', '--no-ros'],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert b'litert' in done.stdout
    assert b'TensorFlow Lite' not in done.stdout + done.stderr


def test_only_the_start_up_line_is_dropped(capfd):
    with without_start_up_lines():
        os.write(2, b'before\n' + LINE)
        os.write(2, b'ERROR: not a valid flatbuffer\n')
        thread = threading.Thread(target=os.write, args=(2, b'[INFO] [emotion]: of a thread\n'))
        thread.start()
        thread.join()
    os.write(2, LINE)

    written = capfd.readouterr().err.encode()
    assert written == (
        b'before\nERROR: not a valid flatbuffer\n[INFO] [emotion]: of a thread\n' + LINE
    )


def test_output_is_not_lost_when_the_block_fails(capfd):
    def fail():
        with without_start_up_lines():
            os.write(2, b'the reason\n' + LINE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    os.write(2, b'after\n')
    assert capfd.readouterr().err == 'the reason\nafter\n'
