"""How the node is, in the words of `/diagnostics`."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticArray
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_msgs.msg import KeyValue
from std_msgs.msg import Header

# Without an image for this long, something is wrong with the camera [s].
STALE = 2.0


def judge(
    working: bool,
    topic: str,
    publishers: int,
    mismatch: str,
    silence: float,
    new_errors: int,
    last_error: str,
    makeshift: str,
) -> tuple[bytes, str]:
    """
    Say how the node is, the gravest thing first.

    :param working: False while the node is not active.
    :param topic: of the images.
    :param publishers: how many send on it.
    :param mismatch: what keeps their images from being heard; empty for nothing.
    :param silence: how long no image has come, in seconds.
    :param new_errors: how many frames were refused or lost since this was last said.
    :param last_error: what was said of the last of them.
    :param makeshift: what the node does without since something failed; empty for nothing.
    :return: the level of DiagnosticStatus, and a sentence that tells what to do.
    """
    if not working:
        return DiagnosticStatus.OK, 'not active; ros2 lifecycle set … activate begins the work'
    if publishers == 0:
        return DiagnosticStatus.WARN, f'nobody publishes {topic}: start the camera, or remap image'
    if mismatch:
        return DiagnosticStatus.WARN, mismatch
    if silence > STALE:
        told = 'no image yet' if silence == float('inf') else f'no image for {silence:.0f} s'
        return DiagnosticStatus.WARN, f'{told} on {topic}, though {publishers} publish it'
    if new_errors:
        return DiagnosticStatus.WARN, f'{new_errors} frames without an answer: {last_error}'
    if makeshift:
        return DiagnosticStatus.WARN, makeshift
    return DiagnosticStatus.OK, 'watching'


def to_diagnostics(
    header: Header, node: str, level: bytes, sentence: str, values: Mapping[str, str]
) -> DiagnosticArray:
    """
    Make the message.

    :param header: with the time.
    :param node: the node's name.
    :param level: of DiagnosticStatus.
    :param sentence: how the node is.
    :param values: in their order.
    """
    status = DiagnosticStatus(
        level=level,
        name=f'{node}: faces',
        message=sentence,
        hardware_id=node,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
    return DiagnosticArray(header=header, status=[status])
