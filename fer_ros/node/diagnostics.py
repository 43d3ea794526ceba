"""How the node is, in the words of `/diagnostics`."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticArray
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_msgs.msg import KeyValue
from std_msgs.msg import Header

# Without an image for this long, something is wrong with the camera [s].
STALE = 2.0

# An engine may compile for some seconds; what takes longer for one image hangs [s].
HUNG = 10.0

# So many images without an answer, and none with one between them, are no accident.
MOST_UNANSWERED = 3


def complaint_of_camera(topic: str, publishers: int, mismatch: str, silence: float) -> str:
    """
    Say what is wrong with the camera, and what to do.

    :param topic: of the images.
    :param publishers: how many send on it.
    :param mismatch: what keeps their images from being heard; empty for nothing.
    :param silence: how long no image has come, in seconds; infinite if none ever has.
    :return: a sentence; empty if all is well.
    """
    if mismatch:
        return mismatch
    if silence > STALE:
        told = 'no image yet' if silence == float('inf') else f'no image for {silence:.0f} s'
        return (
            f'{told} on {topic}, though {publishers} publish it: look at the camera, and whether '
            'large messages come through (ros2 run fer_ros doctor)'
        )
    return ''


def judge(
    working: bool,
    rest: str,
    refusal: str,
    busy: float,
    camera: str,
    unanswered: int,
    new_errors: int,
    last_error: str,
    makeshift: str,
) -> tuple[bytes, str]:
    """
    Say how the node is, the gravest thing first.

    :param working: False while the node is not active.
    :param rest: why not, and what would begin the work.
    :param refusal: why the last transition failed; empty if it did not.
    :param busy: how long the image in work has been there, in seconds.
    :param camera: what `complaint_of_camera` says.
    :param unanswered: how many frames were refused or lost since one was answered.
    :param new_errors: how many frames were refused or lost since this was last said.
    :param last_error: what was said of the last of them.
    :param makeshift: what the node does without since something failed; empty for nothing.
    :return: the level of DiagnosticStatus, and a sentence that tells what to do.
    """
    if not working:
        if refusal:
            return DiagnosticStatus.ERROR, refusal
        return DiagnosticStatus.OK, f'not active: {rest}'
    if busy > HUNG:
        return (
            DiagnosticStatus.ERROR,
            f'an image has been in work for {busy:.0f} s: what runs the models hangs, '
            'start the node anew',
        )
    if camera:
        return DiagnosticStatus.WARN, camera
    if unanswered >= MOST_UNANSWERED:
        return DiagnosticStatus.ERROR, f'no image gets an answer: {last_error}'
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
