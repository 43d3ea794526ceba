"""
Classify pictures with the networks of npm's `human` and `face-api`, for `benchmark peers`.

`peer_networks.mjs` runs them in Node.js.
"""

from __future__ import annotations

import json
from pathlib import Path
import shutil
import subprocess
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

HOW_TO = (
    'create the folder with: npm install --prefix FOLDER @vladmandic/human @vladmandic/face-api '
    '@tensorflow/tfjs @tensorflow/tfjs-backend-wasm'
)


def classify_with_node(folder: Path, images: np.ndarray) -> dict[str, dict[str, Any]]:
    """
    Classify images with both networks, prepared as in their packages.

    :param folder: folder with `node_modules`.
    :param images: (N, H, H) uint8 gray pictures.
    :return: for each package its 'version', the 'bytes' of its network, and the 'labels', a list
        of N labels of FER2013.
    :raises ValueError: if Node.js or a package is missing, or fails.
    """
    node = shutil.which('node')
    if node is None:
        raise ValueError("--peer-node needs Node.js, but there is no 'node' in PATH: install it")
    worker = Path(__file__).with_suffix('.mjs')
    with TemporaryDirectory() as temporary:
        path = Path(temporary) / 'images.raw'
        images.tofile(path)
        done = subprocess.run(
            [node, str(worker), str(folder.resolve()), str(path), str(images.shape[1])],
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if 'Error' in line]
        reason = errors[0].strip() if errors else f'exit status {done.returncode}'
        raise ValueError(f'Node.js cannot run the networks of {folder}: {reason}; {HOW_TO}')
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found
