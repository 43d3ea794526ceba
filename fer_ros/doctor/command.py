"""
Check the installation before the first frame: `ros2 run fer_ros doctor`.

Only the ROS checks need ROS. No node needs to be running.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import math
import sys

from fer_ros.doctor.backends import check_backends
from fer_ros.doctor.detectors import check_detectors
from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN
from fer_ros.doctor.libraries import check_libraries
from fer_ros.doctor.models import check_models
from fer_ros.doctor.ros import check_ros
from fer_ros.doctor.shared_memory import check_shared_memory
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

# Maximum length of a finding [characters], enough for paths, hashes and remedies.
LONGEST_LINE = 1000

# Maximum time to receive images from a camera [s].
LONGEST = 3600.0


def diagnose(checks: Sequence[Callable[[], Iterator[Finding]]]) -> int:
    """
    Run checks and print each finding immediately.

    :param checks: functions that yield findings. An exception in a check counts as a failure.
    :return: exit status: 1 if a problem prevents the node from working, else 0.
    """
    worst = OK
    order = (OK, WARN, FAIL)
    for check in checks:
        try:
            for finding in check():
                worst = max(worst, finding.level, key=order.index)
                subject, sentence = (
                    shortened(text, LONGEST_LINE) for text in (finding.subject, finding.sentence)
                )
                print(f'{finding.level:5} {subject}: {sentence}', flush=True)
        except Exception as error:  # a broken installation can raise any exception
            worst = FAIL
            print(f'{FAIL:5} {type(error).__name__}: {shortened(error)}', flush=True)
    print(
        {
            OK: 'all checks passed',
            WARN: 'the node will work; follow the warnings to improve it',
            FAIL: 'the node will not work; correct the failures above',
        }[worst]
    )
    return 1 if worst == FAIL else 0


def main(args: Sequence[str] | None = None) -> int:
    """
    Run all checks.

    :return: exit status: 1 if a problem prevents the node from working, else 0.
    """
    parser = argparse.ArgumentParser(prog='doctor', description=__doc__.split(':')[0].strip())
    parser.add_argument(
        '--topic',
        help='image topic; the exit status is 1 if it has no publisher (default: image, for which '
        'the exit status stays 0)',
    )
    parser.add_argument(
        '--seconds',
        type=_seconds,
        default=3.0,
        help='time to receive images from the topic in seconds (default: 3)',
    )
    parser.add_argument(
        '--model',
        default='',
        help='name or path of the model to test (default: the default model)',
    )
    parser.add_argument('--no-ros', action='store_true', help='skip the checks that need ROS')
    words = list(sys.argv[1:] if args is None else args)
    own = words.index('--ros-args') if '--ros-args' in words else len(words)
    ros_args = words[own:]
    given = parser.parse_args(words[:own])
    checks: list[Callable[[], Iterator[Finding]]] = [
        check_libraries,
        check_detectors,
        check_models,
        lambda: check_backends(given.model),
    ]
    if not given.no_ros:
        topic, required = given.topic or 'image', given.topic is not None
        checks += [
            check_shared_memory,
            lambda: check_ros(topic, given.seconds, ros_args, required),
        ]
    return diagnose(checks)


def _seconds(text: str) -> float:
    """Parse a duration from the command line [s]."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST:
        raise argparse.ArgumentTypeError(
            f'{quoted(text)} is not a number of seconds from 0 to {LONGEST:.0f}'
        )
    return seconds
