"""
The child process of a trial, which loads and runs an unknown network or detector.

`trial.run_trial` starts this process. The standard input of the process is the content of the
file. The first argument is the request as JSON. The second argument is the process id of the
parent.

The answer is a JSON object with two keys. `refusal` is the error message, empty after success.
`kind` is the class name of the exception if it is one of this package, else empty.
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

# The path of the content on standard input, for code that requires a path.
CONTENT = Path('/dev/fd/0')

# (height, width) in pixels of the images on which a detector is tried.
IMAGE_SIZES = ((1, 1), (64, 64), (240, 320), (480, 640), (720, 1280))

# Option of `prctl` on Linux that sets the signal sent to a process when its parent ends.
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run the trial, write the answer, and exit without the exit handlers of libraries."""
    request, parent = json.loads(sys.argv[1]), int(sys.argv[2])
    answer = _take_standard_output()
    _limit_harm(parent)
    told = {'refusal': '', 'kind': ''}
    try:
        try_out(request, read_file(CONTENT, LARGEST_NETWORK))
    except BaseException as error:  # any exception of a library means that the trial failed
        own = type(error).__module__.startswith('fer_ros.')
        sentence = str(error) if own else f'{type(error).__name__}: {error}'
        sentence = shortened(sentence).replace(str(CONTENT), 'the file')
        told = {'refusal': sentence or type(error).__name__}
        told['kind'] = type(error).__name__ if own else ''
    os.write(answer, json.dumps(told).encode())
    os._exit(0)


def _take_standard_output() -> int:
    """Reserve standard output for the answer, and discard the output of libraries."""
    answer = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answer


def _limit_harm(parent: int) -> None:
    """
    Limit the effects of a crash or of high memory use on the rest of the system.

    This process ends with its parent and writes no core file. If memory runs out, the system ends
    this process first.

    :param parent: process id of the parent.
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
    Load and run a network or a detector with the same code that the parent runs later.

    :param request: `engine` is the name of a detector or a back end. For a back end, `card` is the
        result of `bundle.to_request`.
    :param content: content of the network file.
    :raises Exception: any exception that the engine raises for this content.
    """
    if 'card' in request:
        _try_network(request['engine'], request['card'], content)
    else:
        _try_detector(request['engine'], content)


def _try_network(engine: str, written: dict[str, Any], content: bytes) -> None:
    """
    Classify noise in batches of all sizes.

    The classifier itself runs the network on the minimum and the maximum of the value range.
    """
    import numpy as np

    from fer_ros.perception.backends import BATCH_SIZES
    from fer_ros.perception.backends.choice import load_backend
    from fer_ros.perception.classification.classifier import Classifier
    from fer_ros.perception.models.bundle import card_of

    card = card_of(written, Path('/'))
    classifier = Classifier(card, load_backend(engine, card, content, 'cpu'))
    random = np.random.default_rng(0)
    # The batch size grows and shrinks, as it does when people come and leave.
    for count in (*BATCH_SIZES, BATCH_SIZES[-1] + 1, 3, 1):
        shape = (count, card.input.height, card.input.width)
        classifier.classify(list(random.integers(0, 256, shape, np.uint8)))


def _try_detector(name: str, content: bytes) -> None:
    """Run a detector on black, white, smooth and noisy images of several sizes."""
    import cv2
    import numpy as np

    from fer_ros.perception.detection.choice import make_detector

    # Mark the content as accepted, because the detector would otherwise start another trial.
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
