"""Read MCAP files, complete or cut off, compressed by chunk or as a whole."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterator
from contextlib import closing
import io
from pathlib import Path
import struct
from typing import Any
from typing import BinaryIO
from typing import NamedTuple

from fer_ros.sources.bags.raw import BagFile
from fer_ros.sources.bags.raw import decompressed
from fer_ros.sources.bags.raw import full_type
from fer_ros.sources.bags.raw import RawMessage

# Maximum size of a record in a compressed file, whose length is not known [bytes].
LARGEST_RECORD = 2**30


# The fields of a message before its data: channel, sequence number, log time, publish time.
MESSAGE_HEAD = struct.Struct('<HIQQ')


class ChunkMessage(NamedTuple):
    """
    A message in a chunk.

    :param channel_id: number of its channel.
    :param log_time: time of its reception in nanoseconds.
    :param data: its data, a view of the chunk.
    """

    channel_id: int
    log_time: int
    data: memoryview


class McapFile(BagFile):
    """
    An MCAP file.

    :param path: path of the MCAP file.
    :param compressed: whether the whole file is compressed by zstd.
    """

    def __init__(self, path: Path, compressed: bool = False) -> None:
        super().__init__(path)
        self._compressed = compressed
        self._size = path.stat().st_size
        self._channels: dict[int, Any] = {}
        self._schemas: dict[int, Any] = {}
        self._cut = False

    def topics(self) -> dict[str, str]:
        """Return the type of each topic by its name."""
        if self._summary() is None:
            # Without a summary, only the records between the messages describe the topics.
            for _ in self._records(None):
                pass
        return {one.topic: self._type_of(one) for one in self._channels.values()}

    def messages(self, wanted: Collection[str]) -> Iterator[RawMessage]:
        """Iterate over the messages in the order of the file; those of a chunk are sorted."""
        for message in self._records(wanted):
            channel = self._channels.get(message.channel_id)
            if channel is None or channel.topic not in wanted:
                continue
            try:
                data = decompressed(message.data)
            except Exception as error:  # zstandard's own type, which is imported there
                self.note('a compressed message cannot be read', error)
                continue
            yield RawMessage(
                channel.topic,
                self._type_of(channel),
                channel.message_encoding,
                message.log_time,
                data,
            )

    def _type_of(self, channel: Any) -> str:
        """Return the type of the messages of a channel; empty if the file does not name it."""
        schema = self._schemas.get(channel.schema_id)
        return full_type(schema.name) if schema is not None else ''

    def _summary(self) -> Any:
        """Read the summary at the end of the file; None if it is missing."""
        from mcap.reader import make_reader

        if self._compressed:
            return None
        with self.path.open('rb') as stream:
            try:
                summary = make_reader(stream).get_summary()
            except Exception:  # the library raises many types of errors on a damaged file
                return None
        if summary is None or not summary.channels:
            return None
        self._channels.update(summary.channels)
        self._schemas.update(summary.schemas)
        return summary

    def _records(self, wanted: Collection[str] | None) -> Iterator[Any]:
        """
        Iterate over the messages.

        :param wanted: names of the topics; chunks without them may be skipped. None for all.
        """
        summary = self._summary()
        indexes = summary.chunk_indexes if summary is not None else []
        with closing(self._open()) as stream:
            records = self._indexed(stream, indexes, wanted) if indexes else self._all(stream)
            for record in records:
                yield from self._messages_in(record)
        self.done = 1.0

    def _indexed(
        self, stream: BinaryIO, indexes: list[Any], wanted: Collection[str] | None
    ) -> Iterator[Any]:
        """Iterate over the chunks by the index, so that a damaged one costs no other."""
        from mcap.stream_reader import StreamReader

        numbers = {
            number
            for number, one in self._channels.items()
            if wanted is None or one.topic in wanted
        }
        for index in sorted(indexes, key=lambda one: one.chunk_start_offset):
            held = index.message_index_offsets
            if held and numbers.isdisjoint(held):
                continue
            self.done = index.chunk_start_offset / self._size
            try:
                stream.seek(index.chunk_start_offset)
                reader = StreamReader(
                    stream, skip_magic=True, emit_chunks=True, record_size_limit=self._size
                )
                chunk = next(reader.records)
            except Exception as error:  # the library raises many types of errors
                self.note(f'the chunk at byte {index.chunk_start_offset} cannot be read', error)
                continue
            yield chunk

    def _all(self, stream: BinaryIO) -> Iterator[Any]:
        """Iterate over all records of a file, up to the first one that cannot be read."""
        from mcap.records import Footer
        from mcap.stream_reader import StreamReader

        limit = LARGEST_RECORD if self._compressed else self._size
        records = StreamReader(stream, emit_chunks=True, record_size_limit=limit).records
        while True:
            try:
                record = next(records)
            except StopIteration:
                return
            except Exception as error:  # the library raises many types of errors
                place = '' if self._compressed else f' after byte {stream.tell()} of {self._size}'
                self.note(f'the file cannot be read{place}, it is cut off or damaged', error)
                return
            if not self._compressed:
                self.done = min(1.0, stream.tell() / self._size)
            yield record
            if isinstance(record, Footer):
                return

    def _messages_in(self, record: Any) -> Iterator[Any]:
        """Iterate over the messages in a record, and keep the channels and the schemas."""
        from mcap.records import Channel
        from mcap.records import Chunk
        from mcap.records import Message
        from mcap.records import Schema

        found = [record]
        if isinstance(record, Chunk):
            try:
                found = list(_split(record))
            except Exception as error:  # the library raises many types of errors
                self.note(f'the chunk of {record.message_start_time} ns is damaged', error)
                return
        messages = []
        for one in found:
            if isinstance(one, Schema):
                self._schemas[one.id] = one
            elif isinstance(one, Channel):
                self._channels[one.id] = one
            elif isinstance(one, (Message, ChunkMessage)):
                messages.append(one)
        yield from sorted(messages, key=lambda one: one.log_time)

    def _open(self) -> BinaryIO:
        """Open the file, and decompress it while it is read."""
        stream = self.path.open('rb')
        if not self._compressed:
            return stream
        import zstandard

        reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        return io.BufferedReader(reader, 2**20)


def _split(chunk: Any) -> Iterator[Any]:
    """
    Iterate over the records of a chunk.

    The `mcap` library copies the data of each message, which takes as long as decoding an image.
    This function returns views of the chunk instead.

    :param chunk: the chunk, with its checksum.
    :raises Exception: if the chunk is damaged.
    """
    from mcap.data_stream import ReadDataStream
    from mcap.opcode import Opcode
    from mcap.records import Channel
    from mcap.records import Schema
    from mcap.stream_reader import get_chunk_data_stream

    stream, size = get_chunk_data_stream(chunk, validate_crc=True)
    data = stream.read(size)
    view, place = memoryview(data), 0
    while place < size:
        (length,) = struct.unpack_from('<Q', data, place + 1)
        kind, start, place = data[place], place + 9, place + 9 + length
        if place > size:
            raise ValueError(f'a record of {length} bytes is longer than its chunk')
        if kind == Opcode.MESSAGE:
            channel, _, log_time, _ = MESSAGE_HEAD.unpack_from(data, start)
            content = start + MESSAGE_HEAD.size
            yield ChunkMessage(channel, log_time, view[content:place])
        elif kind in (Opcode.CHANNEL, Opcode.SCHEMA):
            record = Channel if kind == Opcode.CHANNEL else Schema
            yield record.read(ReadDataStream(io.BytesIO(data[start:place])))
