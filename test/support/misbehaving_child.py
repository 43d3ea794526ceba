"""A stand-in for the child process of a trial that misbehaves as its request demands."""

import ctypes
import json
import os
import sys
import time

act = json.loads(sys.argv[1])['engine']
if act == 'crash':
    ctypes.string_at(0)
elif act == 'hang':
    time.sleep(600)
elif act == 'busy':
    while True:
        pass
elif act == 'memory':
    taken = []
    while True:
        taken.append(b'x' * (16 << 20))
elif act == 'chatter':
    while True:
        os.write(1, b'noise' * 1000)
elif act == 'silent':
    os._exit(3)
elif act == 'read':
    content = sys.stdin.buffer.read()
    print(json.dumps({'refusal': f'it has {len(content)} bytes', 'kind': 'BundleError'}))
elif act == 'path':
    print(json.dumps({'refusal': os.environ['PYTHONPATH'] + '\x1b[31m', 'kind': ''}))
