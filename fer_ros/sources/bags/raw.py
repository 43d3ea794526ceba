"""The messages of one file of a bag, before they are decoded."""

from __future__ import annotations

from abc import ABC
from abc import abstractmethod
from collections.abc import Collection
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_ros.perception.quoting import shortened

# Encodings of the data of a message.
CDR, ROS1 = 'cdr', 'ros1'

# The first bytes of data that are compressed by zstd. Data in CDR never begin with them.
ZSTD_START = b'\x28\xb5\x2f\xfd'

# Maximum size of a message after decompression [bytes].
LARGEST_MESSAGE = 2**29

# At most this many unreadable parts of a file are described one by one.
MOST_FAULTS = 5


@dataclass(frozen=True)
class RawMessage:
    """
    A message as it was recorded.

    :param topic: full name of its topic.
    :param kind: name of its type, such as sensor_msgs/msg/Image.
    :param encoding: encoding of the data, usually CDR or ROS1.
    :param log_time: time of its reception by the recorder in nanoseconds.
    :param data: the serialized message.
    """

    topic: str
    kind: str
    encoding: str
    log_time: int
    data: bytes | memoryview


class BagFile(ABC):
    """
    A file of a bag.

    :param path: path of the bag file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # The part of the file that was read, 0 to 1.
        self.done = 0.0
        # Sentences about parts of the file that cannot be read.
        self.faults: list[str] = []

    @abstractmethod
    def topics(self) -> dict[str, str]:
        """Return the type of each topic by its name."""

    @abstractmethod
    def messages(self, wanted: Collection[str]) -> Iterator[RawMessage]:
        """
        Iterate over the messages in the order of their reception, as far as they can be read.

        :param wanted: names of the topics.
        """

    def note(self, what: str, error: object = '') -> None:
        """
        Record that a part of the file cannot be read.

        :param what: the part, as the subject and the verb of a sentence.
        :param error: the reason; empty for none.
        """
        reason = shortened(error)
        sentence = f'{self.path.name}: {what}' + (f' ({reason})' if reason else '')
        if len(self.faults) < MOST_FAULTS and sentence not in self.faults:
            self.faults.append(sentence)


def full_type(name: str) -> str:
    """
    Return the name of a type as in ROS 2.

    :param name: name of a type of ROS 1 or ROS 2, such as sensor_msgs/Image.
    """
    package, _, kind = name.partition('/')
    return name if '/' in kind or not kind else f'{package}/msg/{kind}'


def decompressed(data: bytes | memoryview) -> bytes | memoryview:
    """
    Decompress a message if it is compressed.

    :param data: the data of a recorded message.
    :raises Exception: of a type of zstandard, if the compressed data are damaged.
    """
    if data[:4] != ZSTD_START:
        return data
    import zstandard

    found = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    if len(found) > LARGEST_MESSAGE:
        raise ValueError(f'the message has {len(found)} bytes, more than {LARGEST_MESSAGE}')
    return found
