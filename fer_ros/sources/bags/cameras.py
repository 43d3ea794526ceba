"""Select the topics of the cameras in a bag."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from fer_ros.messages.topic_names import CALIBRATION
from fer_ros.messages.topic_names import IMAGE_TYPES
from fer_ros.messages.topic_names import LABELS
from fer_ros.messages.topic_names import RAW
from fer_ros.messages.topic_names import select_cameras
from fer_ros.messages.topic_names import SUFFIX
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.sources.base import SourceError

# At most this many topics are listed in a message.
MOST_NAMED = 20

# Names of registered depth images, relative to the namespace of the camera: that of this package,
# of the drivers of RealSense and OpenNI, and of depth_image_proc.
DEPTH_NAMES = (
    'depth',
    '../aligned_depth_to_color/image_raw',
    '../depth_registered/image_raw',
    '../depth_registered/image_rect',
    '../depth_registered/image',
    'depth_registered/image_raw',
    'depth_registered/image_rect',
)


@dataclass(frozen=True)
class Camera:
    """
    The topics of a camera.

    :param topic: topic of its images.
    :param depth: topic of its registered depth images; empty for none.
    :param calibration: topic of its calibration; empty for none.
    """

    topic: str
    depth: str = ''
    calibration: str = ''


def find_cameras(
    topics: Mapping[str, str],
    chosen: Sequence[str] = (),
    depth: str = '',
    calibration: str = '',
) -> list[Camera]:
    """
    Select the cameras of a bag.

    Without a choice, these are all topics of images, without depth images and without the images
    that emotion nodes publish.
    The depth and the calibration of a camera are searched beside its images.

    :param topics: the type of each topic by its name.
    :param chosen: topics of images; empty for all cameras.
    :param depth: topic of the depth images; empty to search it.
    :param calibration: topic of the calibration; empty to search it.
    :return: the cameras; at least one.
    :raises SourceError: if there is no camera, or a topic is missing or has another type.
    """
    for name in chosen:
        _check(topics, name, IMAGE_TYPES)
    if depth:
        _check(topics, depth, (RAW,))
    if calibration:
        _check(topics, calibration, (CALIBRATION,))
    names = list(dict.fromkeys(chosen)) or _all_cameras(topics)
    if not names:
        wanted = ' or '.join(IMAGE_TYPES)
        raise SourceError(f'the bag has no images of a camera ({wanted}); {_listed(topics)}')
    return [
        Camera(
            name,
            depth or _beside(topics, name, DEPTH_NAMES, RAW),
            calibration or _beside(topics, name, ('camera_info',), CALIBRATION),
        )
        for name in names
    ]


def is_depth_name(topic: str) -> bool:
    """Check whether a topic has depth images by its name."""
    return any(word in topic.lower() for word in ('depth', 'disparity'))


def _all_cameras(topics: Mapping[str, str]) -> list[str]:
    """Return the topics of cameras that are not depth images or images of an emotion node."""
    own = tuple(f'{name.rpartition("/")[0]}/' for name, kind in topics.items() if kind == LABELS)
    return select_cameras(
        {
            name: [kind]
            for name, kind in topics.items()
            if kind in IMAGE_TYPES and not is_depth_name(name) and not name.startswith(own)
        }
    )


def _beside(topics: Mapping[str, str], camera: str, names: Sequence[str], kind: str) -> str:
    """Return the first topic of a type with one of these names beside a camera; '' for none."""
    base = camera.removesuffix(SUFFIX).rpartition('/')[0]
    for name in names:
        place = base
        while name.startswith('../'):
            place, name = place.rpartition('/')[0], name.removeprefix('../')
        if topics.get(f'{place}/{name}') == kind:
            return f'{place}/{name}'
    return ''


def _check(topics: Mapping[str, str], name: str, kinds: Sequence[str]) -> None:
    """Raise SourceError if a topic is missing or has another type."""
    if name not in topics:
        raise SourceError(f'the bag has no topic {quoted(name)}; {_listed(topics)}')
    if topics[name] not in kinds:
        raise SourceError(
            f'its topic {quoted(name)} has the type {quoted(topics[name])}, not '
            f'{" or ".join(kinds)}'
        )


def _listed(topics: Mapping[str, str]) -> str:
    """List the topics of a bag in a clause."""
    if not topics:
        return 'it has no topics'
    named = [f'{quoted(name)[1:-1]} ({shortened(topics[name], 80)})' for name in sorted(topics)]
    more = f' and {len(named) - MOST_NAMED} more' if len(named) > MOST_NAMED else ''
    return f'its topics are {", ".join(named[:MOST_NAMED])}{more}'
