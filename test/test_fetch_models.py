import hashlib
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
import os
from pathlib import Path
import re
import signal
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from fer_ros import fetch_models
from fer_ros.fetch_models import fetch
from fer_ros.fetch_models import FetchError
from fer_ros.fetch_models import main
from fer_ros.fetch_models import MODEL_FILES
from fer_ros.fetch_models import ModelFile

ROOT = Path(__file__).resolve().parents[1]
CONTENT = np.random.default_rng(0).bytes(300_000)


class Server(ThreadingHTTPServer):
    """A server on this machine whose manners can be chosen."""

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.content = CONTENT
        self.takes_ranges = True
        self.tells_length = True
        self.status = 200
        # For each answer in turn, how many bytes to send before the connection is cut.
        self.cuts = []
        # If set, an answer waits for it in its middle.
        self.may_go_on = None
        # Of each request, the first byte that was asked for.
        self.asked = []

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_address[1]}/model.onnx'


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        found = re.fullmatch(r'bytes=(\d+)-', self.headers.get('Range', ''))
        begin = int(found[1]) if found else 0
        server.asked.append(begin)
        if server.status != 200:
            self.send_error(server.status)
            return
        content = server.content
        if found and server.takes_ranges:
            if begin >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header(
                'Content-Range', f'bytes {begin}-{len(content) - 1}/{len(content)}'
            )
            content = content[begin:]
        else:
            self.send_response(200)
        if server.tells_length:
            self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        if server.may_go_on is not None:
            self.wfile.write(content[:1000])
            server.may_go_on.wait(60)
            return
        self.wfile.write(content[: server.cuts.pop(0) if server.cuts else None])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    if made.may_go_on is not None:
        made.may_go_on.set()
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Talk to this machine without a detour, whatever the user has set."""
    monkeypatch.setenv('no_proxy', '127.0.0.1')


@pytest.fixture
def model(server, monkeypatch):
    made = ModelFile(
        name='model.onnx',
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        urls=(server.url,),
        what='a test',
        licence='none',
    )
    monkeypatch.setattr(fetch_models, 'MODEL_FILES', (made,))
    return made


@pytest.fixture
def folder(tmp_path):
    return tmp_path / 'new' / 'models'


def bring(model, folder, urls=None):
    return fetch(model, folder, urls or model.urls, lambda done, total: None)


def part_of(folder):
    return folder / 'model.onnx.part'


def leave_part(folder, content):
    folder.mkdir(parents=True)
    part_of(folder).write_bytes(content)


def assert_fetched(folder):
    assert (folder / 'model.onnx').read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == ['model.onnx']


def free_port():
    with socket.socket() as made:
        made.bind(('127.0.0.1', 0))
        return made.getsockname()[1]


def test_a_file_is_brought_and_its_progress_told(server, model, folder):
    told = []

    assert fetch(model, folder, model.urls, lambda done, total: told.append((done, total)))

    assert_fetched(folder)
    assert told == sorted(told)
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_what_is_there_is_not_fetched_again(server, model, folder):
    bring(model, folder)

    assert not bring(model, folder)
    assert server.asked == [0]


def test_what_is_there_but_wrong_is_replaced(server, model, folder):
    folder.mkdir(parents=True)
    (folder / 'model.onnx').write_bytes(b'old')

    assert bring(model, folder)
    assert_fetched(folder)


def test_a_transfer_goes_on_where_it_was_broken_off(server, model, folder):
    leave_part(folder, CONTENT[:123_456])

    bring(model, folder)

    assert server.asked == [123_456]
    assert_fetched(folder)


def test_a_part_that_is_whole_needs_no_server(model, folder):
    leave_part(folder, CONTENT)

    bring(model, folder, [f'http://127.0.0.1:{free_port()}/model.onnx'])

    assert_fetched(folder)


def test_a_server_without_ranges_begins_anew(server, model, folder):
    server.takes_ranges = False
    leave_part(folder, CONTENT[:123_456])

    bring(model, folder)

    assert server.asked == [123_456]
    assert_fetched(folder)


@pytest.mark.parametrize(
    'left',
    [
        b'x' * 1000,  # of another file
        b'x' * len(CONTENT),
        b'x' * (len(CONTENT) + 1),
    ],
)
def test_a_part_of_another_file_is_fetched_from_its_beginning(server, model, folder, left):
    leave_part(folder, left)

    bring(model, folder)

    assert server.asked[-1] == 0
    assert_fetched(folder)


def test_a_server_that_has_less_than_is_there_already_is_asked_for_all(server, model, folder):
    server.content = CONTENT[:1000]
    leave_part(folder, CONTENT[:2000])

    with pytest.raises(FetchError, match='has 1000 bytes, not 300000'):
        bring(model, folder)

    assert server.asked == [2000, 0]


def test_a_connection_that_is_cut_is_made_again(server, model, folder):
    server.cuts = [100_000, 50_000]

    bring(model, folder)

    assert server.asked == [0, 100_000, 150_000]
    assert_fetched(folder)


def test_a_connection_that_is_cut_again_and_again_is_gone_on_with_later(server, model, folder):
    server.cuts = [1000] * fetch_models.ATTEMPTS

    with pytest.raises(FetchError, match=r'5000 of 300000 bytes .* run it again to go on'):
        bring(model, folder)

    assert part_of(folder).read_bytes() == CONTENT[:5000]
    bring(model, folder)
    assert server.asked[-1] == 5000
    assert_fetched(folder)


def test_a_cut_connection_without_a_length_is_noticed(server, model, folder):
    server.tells_length = False
    server.cuts = [1000]

    bring(model, folder)

    assert server.asked == [0, 1000]
    assert_fetched(folder)


def test_another_file_is_refused_by_its_hash(server, model, folder):
    server.content = bytes(len(CONTENT))

    with pytest.raises(FetchError, match='SHA-256 is wrong'):
        bring(model, folder)

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize('tells_length', [True, False])
@pytest.mark.parametrize('size', [131, 2_000_000])
def test_a_file_of_another_size_is_refused(server, model, folder, size, tells_length):
    server.content = bytes(size)
    server.tells_length = tells_length

    with pytest.raises(FetchError, match='131|more than 300000|has 2000000'):
        bring(model, folder)

    assert not (folder / 'model.onnx').exists()


def test_the_next_url_is_taken_when_one_has_nothing(server, model, folder):
    refused = f'http://127.0.0.1:{free_port()}/model.onnx'

    bring(model, folder, [refused, server.url])

    assert_fetched(folder)


def test_two_at_once_do_not_disturb_each_other(server, model, folder):
    server.may_go_on = threading.Event()

    def fetch_first():
        with pytest.raises(FetchError):  # the server gives up in the end
            bring(model, folder)

    first = threading.Thread(target=fetch_first)
    first.start()
    try:
        for _ in range(3000):
            if part_of(folder).is_file() and part_of(folder).stat().st_size:
                break
            threading.Event().wait(0.02)
        with pytest.raises(FetchError, match='by another process'):
            bring(model, folder)
    finally:
        server.may_go_on.set()
        first.join()


def test_a_folder_that_cannot_be_made_is_named(server, model, tmp_path):
    (tmp_path / 'file').write_text('')

    with pytest.raises(FetchError, match='file.* cannot be written'):
        bring(model, tmp_path / 'file')


# The command


def test_the_command_says_where_the_file_is(server, model, folder, capsys, monkeypatch):
    monkeypatch.setenv('XDG_DATA_HOME', str(folder))

    assert main([]) == 0
    assert main([]) == 0

    said = capsys.readouterr()
    path = folder / 'fer_ros' / 'models' / 'model.onnx'
    assert path.read_bytes() == CONTENT
    assert said.out == f'model.onnx is here now: {path}\nmodel.onnx was there already: {path}\n'
    assert said.err == ''


def test_the_command_takes_a_folder_and_a_url(server, model, folder, capsys):
    (folder.parent).mkdir()
    (folder.parent / 'copy').write_bytes(CONTENT)

    assert main(['--folder', str(folder), '--url', (folder.parent / 'copy').as_uri()]) == 0

    assert_fetched(folder)
    assert server.asked == []
    assert 'FER_ROS_MODELS' in capsys.readouterr().out


def test_a_file_that_the_server_lacks_is_said_in_a_sentence(server, model, folder, capsys):
    server.status = 404

    assert main(['--folder', str(folder)]) == 1

    said = capsys.readouterr()
    assert said.out == ''
    assert said.err.count('\n') == 1
    assert '404' in said.err


def test_without_a_connection_it_ends_with_a_sentence(model, folder, capsys):
    url = f'http://127.0.0.1:{free_port()}/model.onnx'

    assert main(['--folder', str(folder), '--url', url]) == 1

    said = capsys.readouterr().err
    assert re.fullmatch(
        r'fetch_models: model\.onnx cannot be fetched: 127\.0\.0\.1:\d+ cannot be reached '
        r'\(Connection refused\)\n',
        said,
    )
    assert list(folder.iterdir()) == []


def test_a_url_of_no_use_is_refused(folder, capsys):
    with pytest.raises(SystemExit) as ended:
        main(['--folder', str(folder), '--url', 'model.onnx'])

    assert ended.value.code == 2
    assert 'http' in capsys.readouterr().err


def test_the_list_says_what_there_is_and_fetches_nothing(server, model, folder, capsys):
    assert main(['--list', '--folder', str(folder)]) == 0
    assert 'not there' in capsys.readouterr().out

    bring(model, folder)
    main(['--list', '--folder', str(folder)])
    assert '  there: ' in capsys.readouterr().out

    (folder / 'model.onnx').write_bytes(b'broken')
    main(['--list', '--folder', str(folder)])
    assert 'another version' in capsys.readouterr().out
    assert server.asked == [0]


def test_progress_is_shown_on_a_terminal_only(server, model, folder, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: True, raising=False)

    assert main(['--folder', str(folder)]) == 0

    said = capsys.readouterr().err
    assert said.endswith(f'[{"#" * fetch_models.BAR_WIDTH}] 292 of 292 KiB\n')


def test_an_interrupted_transfer_can_be_gone_on_with(server, folder):
    server.may_go_on = threading.Event()
    server.content = bytes(MODEL_FILES[0].size)
    part = folder / f'{MODEL_FILES[0].name}.part'
    process = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros.fetch_models', '--folder', folder, '--url', server.url],
        cwd=ROOT,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for _ in range(3000):
            if part.is_file() and part.stat().st_size:
                break
            threading.Event().wait(0.02)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()

    assert process.returncode == 130
    assert said == 'fetch_models: interrupted; run it again to go on\n'
    assert part.stat().st_size == 1000


def test_what_is_fetched_is_named_as_it_is_searched():
    for model in MODEL_FILES:
        assert re.fullmatch('[0-9a-f]{64}', model.sha256)
        assert all(url.startswith('https://') for url in model.urls)
        assert all(url.endswith(f'/{model.name}') for url in model.urls)
