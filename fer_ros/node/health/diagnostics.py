"""Judge the state of the node, and describe it for `/diagnostics`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_msgs.msg import KeyValue
from std_msgs.msg import Header

from fer_ros.node.health.statistics import POSSIBLE_AGES
from fer_ros.perception.images.brightness import Brightness
from fer_ros.perception.quoting import shortened

# The camera has a problem if no image arrives for this long [s].
STALE = 2.0

# An image that takes longer than this indicates a back end that hangs [s]. A back end may compile
# its model for a few seconds, which is no error.
HUNG = 10.0

# This many consecutive images without an answer are an error.
MOST_UNANSWERED = 3

# Mean grey level limits: an image outside this range is nearly black or nearly white [0 to 255].
DARKEST, BRIGHTEST = 8, 247

# If no face was seen for longer than this time [s], the diagnostics mention it.
FACELESS = 60.0

# Maximum length of the message in characters, enough for several warnings.
LONGEST_SENTENCE = 1000


def complaint_of_camera(topic: str, publishers: int, mismatch: str, silence: float) -> str:
    """
    Describe a problem of the camera and its remedy.

    :param topic: name of the image topic.
    :param publishers: number of publishers of the topic.
    :param mismatch: reason why the subscription cannot receive the images, with the remedy; empty
        if it can.
    :param silence: time since the last image in seconds; infinite before the first image.
    :return: a sentence; empty if there is no problem.
    """
    if mismatch:
        return mismatch
    if silence > STALE:
        told = (
            'no image has arrived'
            if silence == float('inf')
            else f'no image has arrived for {silence:.0f} s'
        )
        return (
            f'{told} on {topic} (publishers: {publishers}). Check the camera, and run "ros2 run '
            'fer_ros doctor" to check that large messages arrive'
        )
    return ''


def complaint_of_clock(silence: float, publishers: int) -> str:
    """
    Describe a problem of a simulated clock and its remedy.

    :param silence: time for which the clock has not advanced, in seconds.
    :param publishers: number of publishers of /clock.
    :return: a sentence; empty if there is no problem.
    """
    if silence <= STALE:
        return ''
    cause = 'although it has a publisher' if publishers else 'and it has no publisher'
    return (
        f'use_sim_time is true, but /clock has not advanced for {silence:.0f} s, {cause}: start '
        'the simulator, play the recording with --clock, or set use_sim_time to false'
    )


def complaint_of_age(age: float, simulated: bool) -> str:
    """
    Describe a problem of the images' timestamps and its remedy.

    :param age: typical age of an image when its result is published, in seconds.
    :param simulated: whether the node uses the time of /clock.
    :return: a sentence; empty if the age is plausible.
    """
    earliest, oldest = POSSIBLE_AGES
    if earliest <= age <= oldest:
        return ''
    told = (
        f'the timestamps of the images are {abs(age):.3g} s in the '
        f'{"future" if age < 0 else "past"}'
    )
    if simulated:
        return f'{told}: /clock and the images must come from the same recording or simulator'
    return (
        f'{told}: synchronise the clock of the camera with this machine (chrony); for a '
        'recording, set use_sim_time and play it with --clock'
    )


def complaint_of_image(brightness: Brightness | None, bit_depth: int = 0) -> str:
    """
    Describe a problem of the images' brightness and its remedy.

    :param brightness: brightness of the last image; None if there is none.
    :param bit_depth: proposed value of the parameter `bit_depth`; 0 for none.
    :return: a sentence; empty if there is no problem.
    """
    if brightness is None:
        return ''
    if bit_depth:
        return f'the images use at most {bit_depth} of 16 bits: set bit_depth to {bit_depth}'
    mean = f'mean {brightness.mean:.0f} of 255'
    if brightness.mean < DARKEST:
        return (
            f'the images are nearly black ({mean}): check the lens cap, the light and the exposure'
        )
    if brightness.mean > BRIGHTEST:
        return f'the images are nearly white ({mean}): lower the exposure or the light'
    if brightness.uniform:
        return f'the images have one colour ({mean}): check the camera and its driver'
    return ''


def complaint_of_name(name: str, nodes: int) -> str:
    """
    Describe a problem of the node's name and its remedy.

    :param name: full name of this node.
    :param nodes: number of nodes in the graph that have this name.
    :return: a sentence; empty if there is no problem.
    """
    if nodes < 2:
        return ''
    return (
        f'{nodes} nodes have the name {name}: start each node with its own name or namespace '
        '(--ros-args -r __ns:=/NAME). A killed node remains in the graph for 20 s'
    )


@dataclass(frozen=True)
class Facts:
    """
    The facts that determine the state of the node.

    :param working: False while the node is not active.
    :param rest: reason why the node is not active, and how to activate it.
    :param refusal: reason why the last transition failed; empty if it succeeded.
    :param busy: time that the current image has taken so far, in seconds.
    :param camera: result of `complaint_of_camera`.
    :param unanswered: number of frames refused or lost since the last frame with a result.
    :param new_errors: number of frames refused or lost since the last diagnosis.
    :param last_error: reason for the last refused or lost frame.
    :param makeshift: sentence about the replacement of a failed back end; empty for none.
    :param name: result of `complaint_of_name`.
    :param stamps: result of `complaint_of_clock` or `complaint_of_age`.
    :param image: result of `complaint_of_image`.
    :param faceless: time without a face, in seconds.
    """

    working: bool
    rest: str = ''
    refusal: str = ''
    busy: float = 0.0
    camera: str = ''
    unanswered: int = 0
    new_errors: int = 0
    last_error: str = ''
    makeshift: str = ''
    name: str = ''
    stamps: str = ''
    image: str = ''
    faceless: float = 0.0


def judge(facts: Facts) -> tuple[bytes, str]:
    """
    Judge the state of the node.

    The sentence contains either one error, or all warnings in order of severity.

    :param facts: facts about the node.
    :return: level of DiagnosticStatus, and a sentence with the remedy.
    """
    error = _error_of(facts)
    if error:
        return DiagnosticStatus.ERROR, error
    if not facts.working:
        told = f'not active: {facts.rest}'
        if facts.name:
            return DiagnosticStatus.WARN, f'{told}; {facts.name}'
        return DiagnosticStatus.OK, told
    warnings = [*_warnings_of_work(facts), facts.name]
    told = '; '.join(warning for warning in warnings if warning)
    if told:
        return DiagnosticStatus.WARN, told
    if facts.faceless > FACELESS:
        return DiagnosticStatus.OK, f'active; no face detected for {facts.faceless:.0f} s'
    return DiagnosticStatus.OK, 'active'


def _error_of(facts: Facts) -> str:
    """Describe the error that prevents the node from working; empty if there is none."""
    if not facts.working:
        return facts.refusal
    if facts.busy > HUNG:
        return (
            f'the current image has been processed for {facts.busy:.0f} s: the back end or the '
            'detector hangs; restart the node'
        )
    # A missing camera has a warning of its own, which is more useful than errors of old images.
    if facts.unanswered >= MOST_UNANSWERED and not facts.camera:
        return f'no image can be processed: {facts.last_error}'
    return ''


def _warnings_of_work(facts: Facts) -> list[str]:
    """List the warnings about an active node, in order of severity."""
    if facts.camera:
        return [facts.camera]
    errors = ''
    if facts.new_errors:
        errors = f'{facts.new_errors} frames failed: {facts.last_error}'
    return [errors, facts.makeshift, facts.stamps, facts.image]


def to_diagnostics(
    header: Header, node: str, level: bytes, sentence: str, values: Mapping[str, str]
) -> DiagnosticArray:
    """
    Create the message for /diagnostics.

    :param header: header with the current time.
    :param node: name of the node.
    :param level: level of DiagnosticStatus.
    :param sentence: state of the node.
    :param values: values by key, in the order of the message; long text is shortened.
    :return: DiagnosticArray.
    """
    status = DiagnosticStatus(
        level=level,
        name=f'{node}: faces',
        message=shortened(sentence, LONGEST_SENTENCE),
        hardware_id=node,
        values=[KeyValue(key=key, value=shortened(value)) for key, value in values.items()],
    )
    return DiagnosticArray(header=header, status=[status])
