import faulthandler
import signal

import pytest

from camera_topics import listen
from fer_ros.camera import camera_node
from fer_ros.camera.camera_node import CameraNode
from fer_ros.node.life.process import CONFIGURATION_ERROR
from graph import PATIENCE

# The executable


@pytest.mark.parametrize(
    ('parameters', 'sentence'),
    [
        (
            {'source': 'gone.mp4'},
            "there is no file or folder 'gone.mp4'; a source can be astronaut",
        ),
        ({'source': '987'}, 'there is no camera /dev/video987'),
        ({'source': '987', 'fourcc': 'MJPEG'}, "fourcc is 'MJPEG', not four characters"),
        ({'source': 'empty_folder'}, 'the folder empty_folder contains no pictures'),
        ({'source': 'broken.mp4'}, 'cannot read broken.mp4, neither as a video nor as a picture'),
        ({'rate': '-1'}, 'rate is -1.0, but must be from 0.0 to 240.0'),
        ({'rate': 'fast'}, "rate is 'fast', but must be a number"),
    ],
)
def test_what_cannot_be_played_ends_with_a_sentence(run, tmp_path, parameters, sentence):
    (tmp_path / 'empty_folder').mkdir()
    (tmp_path / 'broken.mp4').write_bytes(b'\0\0\0\x20ftypisom' + bytes(100))

    process = run(**parameters)
    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == CONFIGURATION_ERROR
    assert sentence in log
    assert len(log.splitlines()) == 1


def test_a_source_that_goes_away_ends_with_a_sentence(graph, folder, run):
    process = run(source=folder, rate=20, loop=True)
    inbox = listen(graph)
    inbox.wait_for(lambda _: True)
    for picture in folder.iterdir():
        picture.unlink()

    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert 'cannot read any of the 3 pictures' in log
    assert 'Traceback' not in log


def test_an_error_nobody_expects_ends_the_node_with_its_traceback(monkeypatch, folder, domain_id):
    def fail(self, image):
        raise ZeroDivisionError('unexpected')

    monkeypatch.setattr(CameraNode, '_publish', fail)
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain_id))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with pytest.raises(ZeroDivisionError):
            camera_node.main(['--ros-args', '-p', f'source:={folder}', '-p', 'loop:=true'])
    finally:
        # Undo the changes of `main`, because the test process continues to run.
        faulthandler.cancel_dump_traceback_later()
        for number, handler in handlers.items():
            signal.signal(number, handler)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('again', [False, True])
@pytest.mark.parametrize('endless', [True, False])
def test_a_signal_ends_the_node_cleanly(graph, folder, run, number, again, endless):
    process = run(source=folder, rate=20, loop=endless)
    if endless:
        listen(graph).wait_for(lambda _: True)
    else:
        while 'waiting for a subscriber' not in process.stdout.readline():
            assert process.poll() is None

    process.send_signal(number)
    if again:
        process.send_signal(number)
    log, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert 'Traceback' not in log
