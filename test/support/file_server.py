"""A server of one file, whose responses a test controls."""

from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
import threading

import numpy as np

CONTENT = np.random.default_rng(0).bytes(300_000)


class Server(ThreadingHTTPServer):
    """A local server whose responses a test controls."""

    # A blocked thread must not delay the end of the test.
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.content = CONTENT
        self.announces_length = True
        self.status = 200
        self.redirects = False
        # If `resume` is set, the server sends `drip` repeatedly until the event, instead of the
        # content.
        self.resume = None
        self.drip = b''
        self.began = threading.Event()
        self.requests = 0

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_address[1]}/model.onnx'


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests += 1
        if server.redirects:
            self.send_response(302)
            self.send_header('Location', f'{server.url}/{server.requests}')
            self.end_headers()
            return
        if server.status != 200:
            self.send_error(server.status)
            return
        self.send_response(200)
        if server.announces_length:
            self.send_header('Content-Length', str(len(server.content)))
        self.end_headers()
        if server.resume is not None:
            server.began.set()
            with suppress(ConnectionError):
                while not server.resume.wait(0.02):
                    self.wfile.write(server.drip)
            return
        self.wfile.write(server.content)

    def log_message(self, *_):
        pass
