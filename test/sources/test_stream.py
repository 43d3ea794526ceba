from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from itertools import islice
import os
from pathlib import Path
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest

from fer_ros.sources import live
from fer_ros.sources.base import shown
from fer_ros.sources.base import SourceError
from fer_ros.sources.opening import open_source
from fer_ros.sources.stream import is_address
from fer_ros.sources.stream import is_pipeline
from gray_images import gray
from gray_images import levels_of

needs_ffmpeg = pytest.mark.skipif(
    not cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG), reason='this OpenCV has no FFmpeg'
)
DESCRIPTION = 'videotestsrc ! videoconvert ! appsink'


class Camera(BaseHTTPRequestHandler):
    """A network camera that sends JPEG images as multipart/x-mixed-replace, like many webcams."""

    images = 40

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
        self.end_headers()
        for index in range(self.images):
            jpeg = cv2.imencode('.jpg', gray(5 * index))[1].tobytes()
            head = f'--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n'
            self.wfile.write(head.encode() + jpeg + b'\r\n')

    def log_message(self, *words):
        pass


class FileServer(Camera):
    """A web server with a video file."""

    path_of_file = None

    def do_GET(self):
        data = self.path_of_file.read_bytes()
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(name='serve')
def fixture_serve():
    """Return a function that starts a web server and returns its address without http://."""
    servers = []

    def start(handler):
        server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f'127.0.0.1:{server.server_port}'

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@needs_ffmpeg
def test_a_network_camera_gives_images_and_is_opened_again_when_it_breaks(serve, told):
    source = open_source(f'http://robot:secret@{serve(Camera)}/video', tell=told.append)

    assert source.endless
    images = list(islice(source, Camera.images + 3))
    broken = next(index for index, (image, _) in enumerate(images) if image is None)
    assert images[broken][1] == live.RETRY_PERIOD
    levels = levels_of(image for image, _ in images[:broken])
    assert np.diff(levels) == pytest.approx(5, abs=3)
    assert {period for _, period in images[:broken]} == {0.0}
    # The first image is read while the stream is opened.
    assert broken >= Camera.images - 2
    assert images[broken + 1][0] is not None
    assert len(told) == 2
    assert told[1].endswith('delivers images again')
    for sentence in (source.name, *told):
        assert '://***@127.0.0.1' in sentence
        assert 'secret' not in sentence


@needs_ffmpeg
def test_a_video_on_a_web_server_is_played_like_a_file(serve, video):
    class Server(FileServer):
        path_of_file = video

    source = open_source(f'http://{serve(Server)}/clip.avi')

    images = list(source)
    assert not source.endless
    assert levels_of(image for image, _ in images) == pytest.approx([0, 40, 80, 120, 160], abs=3)
    assert [period for _, period in images] == pytest.approx([1 / 12.5] * 5)


REFUSAL = """
from fer_ros.sources.base import SourceError
from fer_ros.sources.opening import open_source

try:
    open_source('http://robot:secret@127.0.0.1:9/video')
except SourceError as error:
    print(error)
"""


@needs_ffmpeg
def test_an_address_without_a_camera_is_refused_without_its_password():
    # In a process of its own, because FFmpeg reads its log level at its first use in a process.
    environment = {k: v for k, v in os.environ.items() if k != 'OPENCV_FFMPEG_LOGLEVEL'}
    done = subprocess.run(
        [sys.executable, '-c', REFUSAL],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert 'http://***@127.0.0.1:9/video gives no images: check the address' in done.stdout
    assert 'secret' not in done.stdout
    assert done.stderr == ''


def test_a_description_needs_an_opencv_with_gstreamer(monkeypatch):
    monkeypatch.setattr(
        cv2.videoio_registry, 'hasBackend', lambda backend: backend == cv2.CAP_FFMPEG
    )

    with pytest.raises(SourceError, match=r'without GStreamer.*apt install python3-opencv'):
        open_source(DESCRIPTION)


def test_a_description_is_opened_by_gstreamer(monkeypatch):
    opened = []

    class Capture:
        def open(self, *given):
            opened.append(given)
            return True

        def isOpened(self):  # noqa: N802, the name of OpenCV
            return True

        def read(self):
            return True, gray(7)

    monkeypatch.setattr(cv2.videoio_registry, 'hasBackend', lambda backend: True)
    monkeypatch.setattr(cv2, 'VideoCapture', Capture)

    assert open_source(DESCRIPTION).endless
    assert opened == [(DESCRIPTION, cv2.CAP_GSTREAMER, [])]

    # GStreamer can also deliver gray images, and the bytes of a JPEG file.
    for image in (gray(7)[:, :, 0], gray(7).reshape(-1, 1)):
        monkeypatch.setattr(Capture, 'read', lambda self, image=image: (True, image))
        monkeypatch.setattr(Capture, 'release', lambda self: None, raising=False)
        with pytest.raises(SourceError, match='not colour images: end .*format=BGR'):
            open_source(DESCRIPTION)


@pytest.mark.parametrize(
    'source',
    [
        'http://camera/video.cgi?user=robot&pwd=secret',
        'http://robot:secret@camera/video',
        'mms://robot:secret@camera/video',
        'rtsp:/robot:secret@camera/1',
    ],
)
def test_no_message_contains_a_password(source):
    assert 'secret' not in shown(source)
    if not is_address(source):
        with pytest.raises(SourceError) as refused:
            open_source(source)
        assert 'secret' not in str(refused.value)


@pytest.mark.parametrize(
    ('source', 'address', 'pipeline'),
    [
        ('rtsp://camera/stream', True, False),
        ('HTTP://camera:8080/?action=stream', True, False),
        ('gopher://camera', False, False),
        ('file:///etc/passwd', False, False),
        ('video!.mp4', False, False),
        ('v4l2src device=/dev/video0 ! appsink', False, True),
        ('rtspsrc location=rtsp://camera ! decodebin ! appsink', False, True),
    ],
)
def test_addresses_and_descriptions_are_told_from_files(source, address, pipeline):
    assert (is_address(source), is_pipeline(source)) == (address, pipeline)
