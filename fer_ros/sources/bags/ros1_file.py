"""
Read the bags of ROS 1, complete or cut off.

The file is read from its beginning to its end, without its index, which a bag that was cut off
lacks. Source of the format: wiki.ros.org/Bags/Format/2.0.
"""

from __future__ import annotations

import bz2
from collections.abc import Collection
from collections.abc import Iterator
from pathlib import Path
import struct
from typing import BinaryIO

from fer_ros.sources.bags.raw import BagFile
from fer_ros.sources.bags.raw import full_type
from fer_ros.sources.bags.raw import RawMessage
from fer_ros.sources.bags.raw import ROS1

START = b'#ROSBAG V2.0\n'

# The kinds of records.
MESSAGE, BAG, CHUNK, CONNECTION = 2, 3, 5, 7

# Maximum size of the header of a record [bytes].
LARGEST_HEADER = 2**20

Record = tuple[dict[str, bytes], bytes]


class Ros1File(BagFile):
    """
    A bag of ROS 1.

    :param path: path of the ROS 1 bag file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._size = path.stat().st_size
        self._connections: dict[bytes, tuple[str, str]] = {}

    def topics(self) -> dict[str, str]:
        """Return the type of each topic by its name."""
        if not self._read_index():
            for _ in self._records():
                pass
            self.faults.clear()
        return dict(self._connections.values())

    def _read_index(self) -> bool:
        """Read the connections at the end of the file; False if it has no index."""
        try:
            with self.path.open('rb') as stream:
                stream.read(len(START))
                first = _read_record(stream, self._size)
                if first is None or first[0].get('op') != bytes([BAG]):
                    return False
                (place,) = struct.unpack('<Q', first[0].get('index_pos', bytes(8)))
                if not 0 < place < self._size:
                    return False
                stream.seek(place)
                while (record := _read_record(stream, self._size)) is not None:
                    if record[0].get('op') == bytes([CONNECTION]):
                        self._connect(*record)
        except (ValueError, struct.error):
            return False
        return bool(self._connections)

    def messages(self, wanted: Collection[str]) -> Iterator[RawMessage]:
        """Iterate over the messages in the order of the file."""
        for header, data in self._records():
            topic, kind = self._connections.get(header.get('conn', b''), ('', ''))
            if topic not in wanted:
                continue
            seconds, nanoseconds = struct.unpack('<II', header.get('time', bytes(8))[:8])
            yield RawMessage(topic, kind, ROS1, seconds * 10**9 + nanoseconds, data)
        self.done = 1.0

    def _records(self) -> Iterator[Record]:
        """Iterate over the messages, and keep the connections."""
        with self.path.open('rb') as stream:
            stream.read(len(START))
            while True:
                place = stream.tell()
                try:
                    record = _read_record(stream, self._size)
                except (ValueError, struct.error) as error:
                    self.note(
                        f'the file cannot be read after byte {place} of {self._size}, it is cut '
                        'off or damaged',
                        error,
                    )
                    return
                if record is None:
                    return
                self.done = stream.tell() / self._size
                yield from self._inside(*record, place)

    def _inside(self, header: dict[str, bytes], data: bytes, place: int) -> Iterator[Record]:
        """Iterate over the messages in a record of the file."""
        kind = header.get('op', b'\0')[0]
        if kind == CONNECTION:
            self._connect(header, data)
        elif kind == MESSAGE:
            yield header, data
        elif kind == CHUNK:
            try:
                chunk = _decompress(data, header.get('compression', b'none'))
                for inner, content in _split(chunk):
                    if inner.get('op') == bytes([CONNECTION]):
                        self._connect(inner, content)
                    elif inner.get('op') == bytes([MESSAGE]):
                        yield inner, content
            except (ValueError, RuntimeError, OSError, EOFError, struct.error) as error:
                self.note(f'the chunk at byte {place} is damaged', error)

    def _connect(self, header: dict[str, bytes], data: bytes) -> None:
        """Keep the topic and the type of a connection."""
        fields = _fields(data)
        topic = header.get('topic', fields.get('topic', b'')).decode('utf-8', 'replace')
        kind = fields.get('type', b'').decode('utf-8', 'replace')
        self._connections[header.get('conn', b'')] = topic, full_type(kind)


def _read_record(stream: BinaryIO, size: int) -> Record | None:
    """Read a record from a file of some size; None at the end of the file."""
    start = stream.read(4)
    if not start:
        return None
    parts = []
    for most in (LARGEST_HEADER, size):
        (length,) = struct.unpack('<I', start if most == LARGEST_HEADER else stream.read(4))
        if length > most:
            raise ValueError(f'a record has {length} bytes, more than {most}')
        part = stream.read(length)
        if len(part) < length:
            raise ValueError(f'a record of {length} bytes has only {len(part)}')
        parts.append(part)
    return _fields(parts[0]), parts[1]


def _fields(data: bytes) -> dict[str, bytes]:
    """Split a header into its fields."""
    found, place = {}, 0
    while place < len(data):
        (length,) = struct.unpack_from('<I', data, place)
        start, place = place + 4, place + 4 + length
        name, mark, value = data[start:place].partition(b'=')
        if not mark or place > len(data):
            raise ValueError('a header has a field without a value')
        found[name.decode('ascii', 'replace')] = value
    return found


def _decompress(data: bytes, compression: bytes) -> bytes:
    """Decompress a chunk."""
    if compression == b'none':
        return data
    if compression == b'bz2':
        return bz2.decompress(data)
    if compression == b'lz4':
        import lz4.frame

        return bytes(lz4.frame.decompress(data))
    raise ValueError(f'the compression is {compression[:20]!r}, not none, bz2 or lz4')


def _split(chunk: bytes) -> Iterator[Record]:
    """Iterate over the records in a chunk."""
    place = 0
    while place < len(chunk):
        parts = []
        for _ in range(2):
            (length,) = struct.unpack_from('<I', chunk, place)
            start, place = place + 4, place + 4 + length
            part = chunk[start:place]
            if len(part) < length:
                raise ValueError(f'a record of {length} bytes has only {len(part)}')
            parts.append(part)
        yield _fields(parts[0]), parts[1]
