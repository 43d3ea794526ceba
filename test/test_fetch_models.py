import hashlib
import os
from pathlib import Path
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from fer_ros import fetch_models
from fer_ros.fetch_models import fetch
from fer_ros.fetch_models import FetchError
from fer_ros.fetch_models import main
from fer_ros.perception.detection.yunet import WEIGHTS
from file_server import CONTENT
from file_server import Server

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    if made.resume is not None:
        made.resume.set()
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def made_up_file(server, monkeypatch):
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    monkeypatch.setattr(fetch_models, 'NAME', 'model.onnx')
    monkeypatch.setattr(fetch_models, 'SIZE', len(CONTENT))
    monkeypatch.setattr(fetch_models, 'YUNET_SHA256', hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(fetch_models, 'URLS', (server.url,))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / 'new' / 'models'


@pytest.fixture
def target(folder):
    folder.mkdir(parents=True)
    return folder / 'model.onnx'


def assert_fetched(folder):
    assert (folder / 'model.onnx').read_bytes() == CONTENT
    assert not (folder / 'model.onnx').is_symlink()
    assert [path.name for path in folder.iterdir()] == ['model.onnx']


def closed_port():
    with socket.socket() as made:
        made.bind(('127.0.0.1', 0))
        return made.getsockname()[1]


def test_the_file_is_fetched_into_a_new_folder(server, folder):
    assert fetch(folder, [server.url])

    assert_fetched(folder)


def test_the_file_can_be_read_by_other_users(server, folder):
    old = os.umask(0o022)
    try:
        fetch(folder, [server.url])
    finally:
        os.umask(old)

    assert (folder / 'model.onnx').stat().st_mode & 0o777 == 0o644


def test_a_file_that_is_there_is_not_fetched_again(server, folder):
    fetch(folder, [server.url])

    assert not fetch(folder, [server.url])
    assert server.requests == 1


@pytest.mark.parametrize(
    'old', [b'old', bytes(len(CONTENT)), CONTENT + b'x'], ids=['short', 'equal', 'long']
)
def test_another_file_is_replaced(server, folder, target, old):
    target.write_bytes(old)

    assert fetch(folder, [server.url])
    assert_fetched(folder)


def test_a_link_to_the_right_file_is_left_as_it_is(server, folder, target, tmp_path):
    (tmp_path / 'elsewhere').write_bytes(CONTENT)
    target.symlink_to(tmp_path / 'elsewhere')

    assert not fetch(folder, [server.url])
    assert target.is_symlink()
    assert server.requests == 0


@pytest.mark.parametrize('kind', ['file', 'nothing', 'folder', 'fifo', 'device'])
def test_a_link_to_anything_else_is_replaced_and_its_target_kept(
    server, folder, target, tmp_path, kind
):
    other = Path('/dev/zero') if kind == 'device' else tmp_path / 'elsewhere'
    if kind == 'file':
        other.write_bytes(b'precious')
    elif kind == 'folder':
        other.mkdir()
    elif kind == 'fifo':
        os.mkfifo(other)
    target.symlink_to(other)

    assert fetch(folder, [server.url])

    assert_fetched(folder)
    assert other.exists() == (kind != 'nothing')
    if kind == 'file':
        assert other.read_bytes() == b'precious'


@pytest.mark.parametrize('kind', ['folder', 'fifo', 'socket'])
def test_what_is_no_file_is_refused(server, folder, target, kind, monkeypatch):
    monkeypatch.chdir(folder)
    if kind == 'folder':
        target.mkdir()
    elif kind == 'fifo':
        os.mkfifo(target)
    else:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind('model.onnx')  # relative, because the length of a socket path is limited

    with pytest.raises(FetchError, match=r"cannot write .*model.onnx': the path is not a regular"):
        fetch(folder, [server.url])

    assert [path.name for path in folder.iterdir()] == ['model.onnx']
    assert server.requests == 0


def test_temporary_names_that_are_taken_are_not_written_to(
    server, folder, target, tmp_path, monkeypatch
):
    monkeypatch.setattr(fetch_models.secrets, 'token_hex', lambda size: 'taken')
    (tmp_path / 'elsewhere').write_bytes(b'precious')
    target.with_name('.model.onnx.taken').symlink_to(tmp_path / 'elsewhere')

    with pytest.raises(FetchError, match='File exists'):
        fetch(folder, [server.url])

    assert (tmp_path / 'elsewhere').read_bytes() == b'precious'


@pytest.mark.parametrize('drip', [b'', b'x'], ids=['silent', 'slow'])
def test_a_server_that_never_ends_is_left_after_the_time_limit(server, folder, monkeypatch, drip):
    server.resume, server.drip = threading.Event(), drip
    monkeypatch.setattr(fetch_models, 'TIME_LIMIT', 0.5)

    with pytest.raises(FetchError, match='no complete response within|timed out'):
        fetch(folder, [server.url])

    assert list(folder.iterdir()) == []


def test_the_time_limit_can_be_set(folder, tmp_path, capsys):
    os.mkfifo(tmp_path / 'fifo')
    url = (tmp_path / 'fifo').as_uri()

    assert main(['--folder', str(folder), '--url', url, '--time-limit', '0.3']) == 1

    assert 'no complete response within 0.3 s' in capsys.readouterr().err


def test_a_time_limit_of_zero_is_refused(folder, capsys):
    with pytest.raises(SystemExit):
        main(['--folder', str(folder), '--time-limit', '0'])

    assert '--time-limit is 0, but must be above 0' in capsys.readouterr().err


def test_the_setup_fetches_the_weights_into_a_folder_that_the_node_searches():
    text = (ROOT / 'scripts' / 'setup').read_text(encoding='utf-8')

    assert f'"$weights/{WEIGHTS}"' in text
    assert 'weights="$venv/share/fer_ros/models"' in text
    assert 'export AMENT_PREFIX_PATH="$VIRTUAL_ENV"' in (ROOT / 'scripts' / 'env').read_text()


def test_a_name_that_is_never_resolved_is_left_after_the_time_limit(folder, monkeypatch):
    resolved = threading.Event()
    monkeypatch.setattr(socket, 'getaddrinfo', lambda *_, **__: resolved.wait(60))
    monkeypatch.setattr(fetch_models, 'TIME_LIMIT', 0.5)

    with pytest.raises(FetchError, match='no complete response within'):
        fetch(folder, ['http://example.org/model.onnx'])

    resolved.set()


def test_a_fifo_as_source_is_left_after_the_time_limit(folder, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / 'fifo')
    monkeypatch.setattr(fetch_models, 'TIME_LIMIT', 0.5)

    with pytest.raises(FetchError, match='no complete response within'):
        fetch(folder, [(tmp_path / 'fifo').as_uri()])


def test_endless_redirects_are_left(server, folder):
    server.redirects = True

    with pytest.raises(FetchError, match='redirect'):
        fetch(folder, [server.url])

    assert server.requests < 30


def test_the_next_source_is_taken_when_one_hangs(server, folder, monkeypatch):
    limits = []

    class Queue(queue.SimpleQueue):
        def get(self, timeout):
            limits.append(timeout)
            if len(limits) == 1:
                raise queue.Empty
            return super().get(timeout=timeout)

    monkeypatch.setattr(
        fetch_models, 'queue', SimpleNamespace(SimpleQueue=Queue, Empty=queue.Empty)
    )

    fetch(folder, ['file:///nowhere', server.url])

    assert limits == 2 * [fetch_models.TIME_LIMIT]
    assert fetch_models.TIME_LIMIT * 2 <= 120
    assert_fetched(folder)


@pytest.mark.parametrize('announces_length', [True, False])
@pytest.mark.parametrize(
    ('content', 'size'),
    [(bytes(len(CONTENT)), 300000), (CONTENT[:131], 131), (b'', 0), (CONTENT * 7, 300001)],
    ids=['other', 'short', 'empty', 'long'],
)
def test_another_file_is_refused(server, folder, content, size, announces_length):
    server.content = content
    server.announces_length = announces_length

    with pytest.raises(FetchError, match=f'the server sent another file; {size} bytes were read'):
        fetch(folder, [server.url])

    assert list(folder.iterdir()) == []


def test_an_endless_file_is_read_up_to_the_size(folder):
    with pytest.raises(FetchError, match='the server sent another file; 300001 bytes were read'):
        fetch(folder, ['file:///dev/zero'])


def test_the_old_file_stays_if_the_new_one_does_not_come(server, folder, target):
    target.write_bytes(b'old')
    server.status = 500

    with pytest.raises(FetchError, match='500'):
        fetch(folder, [server.url])

    assert target.read_bytes() == b'old'


def test_the_next_source_is_taken_when_one_fails(server, folder):
    fetch(folder, [f'http://127.0.0.1:{closed_port()}/model.onnx', server.url])

    assert_fetched(folder)


def test_two_at_once_both_succeed(server, folder):
    results = []
    both_ask = threading.Barrier(2)
    threads = [
        threading.Thread(
            target=lambda: (both_ask.wait(60), results.append(fetch(folder, [server.url])))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(results) == 2
    assert_fetched(folder)


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / 'file').write_text('')

    with pytest.raises(FetchError, match="cannot write .*file': File exists"):
        fetch(tmp_path / 'file', [server.url])


def test_a_full_disk_leaves_no_file_behind(server, folder, monkeypatch):
    def refuse(descriptor):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', refuse)

    with pytest.raises(FetchError, match='No space left on device'):
        fetch(folder, [server.url])

    assert list(folder.iterdir()) == []


def test_a_reason_of_a_server_is_made_one_short_line(folder):
    with pytest.raises(FetchError) as raised:
        fetch(folder, [f'http://127.0.0.1:{closed_port()}/\x1b[31m{"x" * 5000}'])

    assert len(str(raised.value)) < 500
    assert '\x1b' not in str(raised.value)


# The command


def test_the_command_prints_the_place_of_the_file(server, folder, capsys, monkeypatch):
    monkeypatch.setenv('XDG_DATA_HOME', str(folder))

    assert main([]) == 0
    assert main([]) == 0

    printed = capsys.readouterr()
    path = folder / 'fer_ros' / 'models' / 'model.onnx'
    assert path.read_bytes() == CONTENT
    assert printed.out == f'model.onnx is downloaded: {path}\nmodel.onnx already exists: {path}\n'
    assert printed.err == ''


def test_the_command_takes_a_folder_and_a_url(server, folder, capsys):
    (folder.parent).mkdir()
    (folder.parent / 'copy').write_bytes(CONTENT)

    assert main(['--folder', str(folder), '--url', (folder.parent / 'copy').as_uri()]) == 0

    assert_fetched(folder)
    assert server.requests == 0
    assert 'FER_ROS_MODELS' in capsys.readouterr().out


def test_a_file_that_the_server_lacks_is_reported_in_one_line(server, folder, capsys):
    server.status = 404

    assert main(['--folder', str(folder)]) == 1

    printed = capsys.readouterr()
    assert printed.out == ''
    assert printed.err == (
        f'fetch_models: cannot download model.onnx from {server.url} (HTTP Error 404: Not Found)\n'
    )


def test_without_a_connection_the_command_ends_with_one_line(folder, capsys):
    url = f'http://127.0.0.1:{closed_port()}/model.onnx'

    assert main(['--folder', str(folder), '--url', url]) == 1

    printed = capsys.readouterr().err
    assert printed.count('\n') == 1
    assert url in printed
    assert 'Connection refused' in printed
    assert list(folder.iterdir()) == []


def test_a_word_that_is_no_url_is_refused(folder, capsys):
    assert main(['--folder', str(folder), '--url', 'model.onnx']) == 1

    assert "(unknown url type: 'model.onnx')" in capsys.readouterr().err


def test_the_help_names_the_file_its_licence_and_hash(capsys, monkeypatch):
    monkeypatch.setenv('XDG_DATA_HOME', '/100%s/data')
    monkeypatch.setenv('COLUMNS', '1000')

    with pytest.raises(SystemExit):
        main(['--help'])

    printed = capsys.readouterr().out
    assert 'licence MIT' in printed
    assert fetch_models.YUNET_SHA256 in printed
    assert 'default: /100%s/data/fer_ros/models' in printed


def test_an_interrupted_command_ends_with_130_and_leaves_nothing(server, folder):
    server.resume = threading.Event()
    process = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros.fetch_models', '--folder', folder, '--url', server.url],
        cwd=ROOT,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert server.began.wait(60)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=60)
    finally:
        process.kill()

    assert process.returncode == 130
    assert printed == 'fetch_models: interrupted; nothing was changed\n'
    assert list(folder.iterdir()) == []


def test_the_sources_have_the_name_that_the_node_searches(monkeypatch):
    monkeypatch.undo()

    from fer_ros.perception.detection.yunet import WEIGHTS

    assert fetch_models.NAME == WEIGHTS
    assert re.fullmatch('[0-9a-f]{64}', fetch_models.YUNET_SHA256)
    for url in fetch_models.URLS:
        assert re.fullmatch(rf'https://[^ ]+/{WEIGHTS}', url)
