"""Check the command line and the environment variables that rclpy reads."""

from __future__ import annotations

from collections.abc import Sequence
import os
import re
import sys

import rclpy
from rclpy.utilities import remove_ros_args

from fer_ros.node.life.errors import without_places
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

# DDS computes its UDP ports from the domain id; for higher ids the ports would be out of range.
MOST_DOMAIN_ID = 232

# Environment variables that configure rcutils' log. With a value other than 0 and 1, rcutils logs
# nothing, and prints an error at each call of rcl.
LOG_SWITCHES = (
    'RCUTILS_COLORIZED_OUTPUT',
    'RCUTILS_LOGGING_USE_STDOUT',
    'RCUTILS_LOGGING_BUFFERED_STREAM',
)

# Fragments of rcl's error messages, and the remedy for each. The first match is used.
REMEDIES = {
    'params file': (
        'a parameter file is YAML, indented by spaces: the node name, then ros__parameters, then '
        'each parameter as name: value'
    ),
    'parameter override': 'set a parameter with -p name:=value',
    'remap': (
        'remap a topic with -r from:=to, the node name with -r __node:=name, and the namespace '
        'with -r __ns:=/namespace'
    ),
    'log level': 'the log levels are debug, info, warn, error and fatal',
    'logging': 'set HOME or ROS_LOG_DIR to a folder that this user may write to',
    'SECURITY': (
        'set ROS_SECURITY_KEYSTORE to a keystore that contains the enclave, or set '
        'ROS_SECURITY_ENABLE to false'
    ),
    'nclave': 'select an enclave with --enclave /name',
}

ROS_ARGUMENTS = (
    'ROS arguments follow --ros-args: -p name:=value, --params-file FILE, -r from:=to, '
    '--log-level LEVEL'
)


class ArgumentError(ValueError):
    """Raised if an argument or an environment variable prevents the start of ROS."""


def start_ros(args: Sequence[str] | None) -> None:
    """
    Start rclpy, and reject arguments that it would ignore.

    :param args: command-line arguments, including the program's name; None for those of the
        process.
    :raises ArgumentError: if rclpy cannot start, or if an argument is unknown. The message is one
        sentence.
    """
    _check_log_switches()
    _check_domain(os.environ.get('ROS_DOMAIN_ID', ''))
    try:
        rclpy.init(args=None if args is None else list(args))
    except Exception as error:
        raise ArgumentError(_explained(error)) from error
    unknown = remove_ros_args(sys.argv if args is None else args)[1:]
    if unknown:
        named = ', '.join(quoted(one) for one in unknown[:3])
        raise ArgumentError(f'unknown arguments: {named}; {ROS_ARGUMENTS}')


def security_refusal(error: Exception) -> ArgumentError | None:
    """
    Convert an error during the creation of a node, if SROS2 is its cause.

    :param error: error that rclpy raised.
    :return: an error whose message is one sentence; None if SROS2 is disabled, or for another
        error.
    """
    enabled = os.environ.get('ROS_SECURITY_ENABLE', '').lower() == 'true'
    if not enabled or type(error).__name__ != 'RCLError':
        return None
    text = shortened(without_places(str(error)))
    return ArgumentError(f'ROS cannot start with SROS2: {text}; {REMEDIES["SECURITY"]}')


def _check_log_switches() -> None:
    """Reject an invalid switch of the log, and unset it so that the error can be logged."""
    wrong = [name for name in LOG_SWITCHES if os.environ.get(name, '') not in ('', '0', '1')]
    if wrong:
        refused = [
            f'{name} is {quoted(os.environ.pop(name))}, but must be 0 or 1' for name in wrong
        ]
        raise ArgumentError('; '.join(refused))


def _check_domain(domain: str) -> None:
    """Reject a domain id that would make Fast DDS end the process, or that rcl would ignore."""
    if not domain:
        return
    if not re.fullmatch('[0-9]{1,9}', domain) or int(domain) > MOST_DOMAIN_ID:
        raise ArgumentError(
            f'ROS_DOMAIN_ID is {quoted(domain)}, but must be an integer from 0 to {MOST_DOMAIN_ID}'
        )


def _explained(error: Exception) -> str:
    """Describe an error of `rclpy.init` in one sentence, with its cause and the remedy."""
    if type(error).__name__ == 'UnknownROSArgsError':
        return f'unknown arguments after --ros-args: {shortened(error)}; {ROS_ARGUMENTS}'
    text = without_places(str(error))
    if 'error not set' in text and 'ROS_SECURITY_ENABLE' in os.environ:
        text = 'SECURITY ERROR: rcl reports no cause; probably ROS_SECURITY_KEYSTORE is not set'
    remedy = next((words for part, words in REMEDIES.items() if part in text), ROS_ARGUMENTS)
    return f'ROS cannot start: {shortened(text)}; {remedy}'
