"""Write the messages of a recording as a bag: an MCAP file and its metadata."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mcap.writer import CompressionType
from mcap.writer import Writer

from fer_ros.messages.attention import to_attention_array
from fer_ros.messages.detections import ARRAY
from fer_ros.messages.detections import to_changes
from fer_ros.messages.detections import to_detection_array
from fer_ros.messages.label_info import to_label_info
from fer_ros.messages.topic_names import LABELS
from fer_ros.messages.topic_names import SUFFIX
from fer_ros.offline.analysis import Analysed
from fer_ros.offline.outputs.message_types import message_store
from fer_ros.offline.outputs.message_types import MessageClasses

FILE = 'result.mcap'

# The topics of the node, relative to its namespace.
FACES, CHANGES, LABEL_INFO = 'emotion', 'emotion/changes', 'emotion/label_info'
ATTENTION = 'emotion/attention'
TYPES = {FACES: ARRAY, CHANGES: ARRAY, ATTENTION: ARRAY, LABEL_INFO: LABELS}

# Labels are published once, for subscribers that start at any time. The values are those of
# rmw/types.h.
QOS = """- history: 1
  depth: {depth}
  reliability: 1
  durability: {durability}
  deadline: {{sec: 9223372036, nsec: 854775807}}
  lifespan: {{sec: 9223372036, nsec: 854775807}}
  liveliness: 1
  liveliness_lease_duration: {{sec: 9223372036, nsec: 854775807}}
  avoid_ros_namespace_conventions: false
"""
QOS_OF = {
    FACES: QOS.format(depth=10, durability=2),
    CHANGES: QOS.format(depth=10, durability=2),
    ATTENTION: QOS.format(depth=10, durability=2),
    LABEL_INFO: QOS.format(depth=1, durability=1),
}

# The largest time in an MCAP file [ns].
LAST_TIME = 2**63 - 1


class McapOutput:
    """
    The messages that the node would have published.

    A recording with one camera has the topics /emotion, /emotion/changes, /emotion/label_info and,
    while attention is measured, /emotion/attention.
    With several cameras, each has them in the namespace of its images.

    :param folder: folder for the files.
    :param min_confidence: value of the setting.
    :param topics: topics of the images; empty for a video or pictures.
    """

    def __init__(self, folder: Path, min_confidence: float, topics: Sequence[str] = ()) -> None:
        self._folder = folder
        self._min_confidence = min_confidence
        self._classes = MessageClasses()
        self._store = message_store()
        self._stream = (folder / FILE).open('wb')
        self._writer = Writer(self._stream, compression=CompressionType.ZSTD)
        self._writer.start(profile='ros2', library='fer_ros')
        self._schemas: dict[str, int] = {}
        # The channels, and the numbers of their messages, by topic.
        self._channels: dict[str, int] = {}
        self._kinds: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._namespaces = namespaces(topics)
        self._range: tuple[int, int] | None = None

    def add(self, analysed: Analysed) -> None:
        """Write the messages of an image."""
        result, frame = analysed.result, analysed.frame
        if result is None:
            return
        header = self._classes['std_msgs/msg/Header']()
        header.stamp.sec, header.stamp.nanosec = frame.seconds, frame.nanoseconds
        header.frame_id = frame.frame_id
        base = self._namespaces.get(frame.topic, '')
        if f'{base}/{LABEL_INFO}' not in self._channels:
            labels = self._classes['std_msgs/msg/Header']()
            labels.stamp = header.stamp
            message = to_label_info(self._classes, labels, result.labels, self._min_confidence)
            self._write(base, LABEL_INFO, frame.stamp, message)
        self._write(base, FACES, frame.stamp, to_detection_array(self._classes, header, result))
        if result.changed_ids or result.left_ids:
            changes = to_changes(self._classes, header, result)
            self._write(base, CHANGES, frame.stamp, changes)
        if result.attention:
            attention = to_attention_array(self._classes, header, result)
            self._write(base, ATTENTION, frame.stamp, attention)

    def close(self) -> None:
        """Finish the file, and write the metadata of the bag."""
        try:
            self._writer.finish()
        finally:
            self._stream.close()
        (self._folder / 'metadata.yaml').write_text(self._metadata(), encoding='utf-8')

    def _write(self, base: str, name: str, stamp: int, message: Any) -> None:
        """Write a message."""
        topic, kind = f'{base}/{name}', TYPES[name]
        if topic not in self._channels:
            if kind not in self._schemas:
                text = self._store.generate_msgdef(kind, ros_version=2)[0]
                self._schemas[kind] = self._writer.register_schema(kind, 'ros2msg', text.encode())
            self._channels[topic] = self._writer.register_channel(
                topic, 'cdr', self._schemas[kind], {'offered_qos_profiles': QOS_OF[name]}
            )
            self._kinds[topic] = name
        time = min(max(stamp, 0), LAST_TIME)
        low, high = self._range or (time, time)
        self._range = min(low, time), max(high, time)
        number = self._counts[topic] = self._counts.get(topic, -1) + 1
        data = bytes(self._store.serialize_cdr(message, kind))
        self._writer.add_message(self._channels[topic], time, data, time, number % 2**32)

    def _metadata(self) -> str:
        """Return the metadata of the bag, which `ros2 bag` and rosbags read."""
        start, end = self._range or (0, 0)
        count = sum(number + 1 for number in self._counts.values())
        lines = [
            'rosbag2_bagfile_information:',
            '  version: 9',
            '  storage_identifier: mcap',
            '  duration:',
            f'    nanoseconds: {end - start}',
            '  starting_time:',
            f'    nanoseconds_since_epoch: {start}',
            f'  message_count: {count}',
            '  topics_with_message_count:' + ('' if self._channels else ' []'),
        ]
        for topic in self._channels:
            name = self._kinds[topic]
            lines += [
                '    - topic_metadata:',
                f'        name: {topic}',
                f'        type: {TYPES[name]}',
                '        serialization_format: cdr',
                '        offered_qos_profiles:',
                *(f'          {line}' for line in QOS_OF[name].splitlines()),
                f'        type_description_hash: {self._store.hash_rihs01(TYPES[name])}',
                f'      message_count: {self._counts[topic] + 1}',
            ]
        lines += [
            "  compression_format: ''",
            "  compression_mode: ''",
            '  relative_file_paths:',
            f'    - {FILE}',
            '  files:',
            f'    - path: {FILE}',
            '      starting_time:',
            f'        nanoseconds_since_epoch: {start}',
            '      duration:',
            f'        nanoseconds: {end - start}',
            f'      message_count: {count}',
            '  custom_data: ~',
            '  ros_distro: jazzy',
        ]
        return '\n'.join(lines) + '\n'


def namespaces(topics: Sequence[str]) -> dict[str, str]:
    """
    Return the namespace of the results of each topic of images.

    :param topics: topics of images; one topic has the root, so that /emotion is as usual.
    """
    if len(topics) < 2:
        return dict.fromkeys(topics, '')
    parents = {one: one.removesuffix(SUFFIX).rpartition('/')[0] for one in topics}
    if len(set(parents.values())) == len(topics) and all(parents.values()):
        return parents
    return {one: one.rstrip('/') for one in topics}
