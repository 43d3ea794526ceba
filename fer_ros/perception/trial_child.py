"""
The child process of a trial: loads and runs what `trial.run_trial` was given.

Its standard input is the content of the file, its first argument the request as JSON, its second
the process id of the parent.  Its answer is a JSON object with `refusal` (empty if all is well)
and `kind`, the class of the exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
import ctypes
import json
import os
from pathlib import Path
import resource
import signal
import sys
from typing import Any

from fer_ros.perception.files import LARGEST_NETWORK
from fer_ros.perception.files import read_file
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.known_files import accept
from fer_ros.perception.quoting import shortened

# The content, for code that takes a path.
CONTENT = Path('/dev/fd/0')

# Sizes of the images that a detector is tried on: (height, width).
IMAGE_SIZES = ((1, 1), (64, 64), (240, 320), (480, 640), (720, 1280))

# Linux's number for `prctl`: the signal that a process gets when its parent ends.
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run the trial, answer, and end without a library's own clean-up."""
    request, parent = json.loads(sys.argv[1]), int(sys.argv[2])
    answer = _take_standard_output()
    _limit_harm(parent)
    told = {'refusal': '', 'kind': ''}
    try:
        try_out(request, read_file(CONTENT, LARGEST_NETWORK))
    except BaseException as error:  # whatever a library raises is a refusal
        own = type(error).__module__.startswith('fer_ros.')
        sentence = str(error) if own else f'{type(error).__name__}: {error}'
        sentence = shortened(sentence).replace(str(CONTENT), 'the file')
        told = {'refusal': sentence or type(error).__name__}
        told['kind'] = type(error).__name__ if own else ''
    os.write(answer, json.dumps(told).encode())
    os._exit(0)


def _take_standard_output() -> int:
    """Keep standard output for the answer, and discard the output of libraries."""
    answer = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answer


def _limit_harm(parent: int) -> None:
    """
    End with the parent, leave no core file, and be the first to go when memory runs out.

    :param parent: its process id.
    """
    with suppress(OSError, AttributeError):  # Linux only
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path('/proc/self/oom_score_adj').write_text('1000', encoding='ascii')


def try_out(request: Mapping[str, Any], content: bytes) -> None:
    """
    Load and run content by the code that the parent runs later.

    :param request: `engine`, a detector's or a back end's name; for a back end also `card`, as
        `bundle.to_request` makes it.
    :param content: of the file.
    :raises Exception: whatever the content makes the engine raise.
    """
    if 'card' in request:
        _try_network(request['engine'], request['card'], content)
    else:
        _try_detector(request['engine'], content)


def _try_network(engine: str, written: dict[str, Any], content: bytes) -> None:
    """Classify noise in batches of all sizes; the classifier tries the ends of the range."""
    import numpy as np

    from fer_ros.perception.backends import BATCH_SIZES
    from fer_ros.perception.backends.choice import load_backend
    from fer_ros.perception.classification.classifier import Classifier
    from fer_ros.perception.models.bundle import card_of

    card = card_of(written, Path('/'))
    classifier = Classifier(card, load_backend(engine, card, content, 'cpu'))
    random = np.random.default_rng(0)
    # The batch grows and shrinks, as when people come and leave.
    for count in (*BATCH_SIZES, BATCH_SIZES[-1] + 1, 3, 1):
        shape = (count, card.input.height, card.input.width)
        classifier.classify(list(random.integers(0, 256, shape, np.uint8)))


def _try_detector(name: str, content: bytes) -> None:
    """Search black, white, smooth and noisy images of several sizes for faces."""
    import cv2
    import numpy as np

    from fer_ros.perception.detection.choice import make_detector

    # The trial is this run itself.
    accept(sha256_of_bytes(content), name)
    detector = make_detector(name, CONTENT)
    random = np.random.default_rng(0)
    for height, width in IMAGE_SIZES:
        noise = random.integers(0, 256, (height, width, 3), np.uint8)
        smooth = cv2.resize(noise[:9, :9], (width, height), interpolation=cv2.INTER_CUBIC)
        for image in (np.zeros_like(noise), np.full_like(noise, 255), smooth, noise):
            for min_score, min_size in ((0.0, 24.0), (0.6, 80.0)):
                detector.detect(image, min_score, min_size)


if __name__ == '__main__':
    main()
