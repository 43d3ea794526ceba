"""
Run one back end in its own process for `benchmark backends`: startup, memory and time.

The process reads JSON objects from standard input, one per line, and writes one line for each.
"""

from __future__ import annotations

import time

# The start time is taken before the imports below, because the startup time includes them [s,
# system clock].
BEGAN = time.time()

from collections.abc import Callable  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from benchmark.rig import timing  # noqa: E402
from benchmark.rig.usage import MIB  # noqa: E402
from benchmark.rig.usage import resident_memory  # noqa: E402

# Number of crops on which the outputs of the back ends are compared, more than a batch of 16.
COMPARED = 17


def count_traces(tensorflow: Any) -> Callable[[], int]:
    """
    Count how often TensorFlow traces, and so compiles, the functions created after this call.

    :param tensorflow: the TensorFlow module.
    :return: function that returns the number of traces so far.
    """
    functions: list[Any] = []
    make = tensorflow.function

    def remembered(*words: Any, **named: Any) -> Any:
        made = make(*words, **named)
        # As a decorator with arguments, `tf.function` returns a decorator without this attribute.
        if hasattr(made, 'experimental_get_tracing_count'):
            functions.append(made)
        return made

    tensorflow.function = remembered
    return lambda: sum(one.experimental_get_tracing_count() for one in functions)


def load(name: str, model: str, device: str) -> tuple[Any, Callable[[], int], dict[str, Any]]:
    """
    Load the network of a bundle, and run it once.

    :param name: name of the back end.
    :param model: name or path of the bundle.
    :param device: 'auto', 'cpu' or 'gpu'.
    :return: the classifier, a function that returns the number of traces, and the startup figures.
    """
    before = resident_memory(os.getpid()) / MIB
    traces: Callable[[], int] = int
    if name == 'tensorflow':
        from fer_ros.perception.backends.keras import import_engine

        traces = count_traces(import_engine(name))
    from fer_ros.perception.classification.classifier import create_classifier
    from fer_ros.perception.models.bundle import find_bundle
    from fer_ros.perception.models.bundle import load_card

    classifier = create_classifier(load_card(find_bundle(model)), name, device)
    return (
        classifier,
        traces,
        {
            'device': classifier.backend.device,
            'start_seconds': time.time() - BEGAN,
            'start_mib': resident_memory(os.getpid()) / MIB,
            'python_mib': before,
        },
    )


def timed(run: Callable[[np.ndarray], Any], batch: np.ndarray, count: int) -> list[float]:
    """Run a network repeatedly on a batch, and return the seconds of each run."""
    return timing.timed(lambda _: run(batch), count)


def main(words: list[str]) -> int:
    """Load the back end given by the arguments, and answer each line of standard input."""
    # Output of the engines must not mix with the answers, so standard output is redirected to
    # standard error.
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    try:
        classifier, traces, told = load(*words)
    except Exception as error:  # the engine is missing, or rejects the network
        print(json.dumps({'error': f'{error}'}), file=answers, flush=True)
        return 1
    noise = np.random.default_rng(0).random((64, *classifier.card.input.shape), np.float32)
    told['outputs'] = classifier.backend.run(noise[:COMPARED]).tolist()
    print(json.dumps(told), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        batch = np.ascontiguousarray(noise[: order['batch']])
        seconds = timed(classifier.backend.run, batch, order['count'])
        answer = {
            'seconds': seconds,
            'traces': traces(),
            'mib': resident_memory(os.getpid()) / MIB,
        }
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
