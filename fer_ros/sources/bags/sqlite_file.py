"""Read the SQLite files of ROS 2 bags, complete, cut off or compressed."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from pathlib import Path
import shutil
import sqlite3
import tempfile
from urllib.parse import quote

from fer_ros.sources.bags.raw import BagFile
from fer_ros.sources.bags.raw import decompressed
from fer_ros.sources.bags.raw import full_type
from fer_ros.sources.bags.raw import RawMessage

# Number of rows that a damaged part of a file may skip; each needs a query.
MOST_SKIPPED = 1000


class SqliteFile(BagFile):
    """
    An SQLite file.

    :param path: path of the SQLite file.
    :param compressed: whether the whole file is compressed by zstd. SQLite needs the decompressed
        file, which is written into the temporary folder.
    """

    def __init__(self, path: Path, compressed: bool = False) -> None:
        super().__init__(path)
        self._compressed = compressed

    def topics(self) -> dict[str, str]:
        """Return the type of each topic by its name."""
        with self._database() as database:
            rows = database.execute('SELECT name, type FROM topics ORDER BY id')
            return {str(name): full_type(str(kind)) for name, kind in rows}

    def messages(self, wanted: Collection[str]) -> Iterator[RawMessage]:
        """Iterate over the messages in the order of their reception."""
        with self._database() as database:
            topics = {
                number: (str(name), full_type(str(kind)), str(form))
                for number, name, kind, form in database.execute(
                    'SELECT id, name, type, serialization_format FROM topics'
                )
                if name in wanted
            }
            for number, time, data in self._rows(database, list(topics)):
                if not isinstance(data, bytes):
                    self.note('a message has no data')
                    continue
                try:
                    content = decompressed(data)
                except Exception as error:  # zstandard's own type, which is imported there
                    self.note('a compressed message cannot be read', error)
                    continue
                yield RawMessage(*topics[number], int(time), content)
        self.done = 1.0

    def _rows(
        self, database: sqlite3.Connection, topics: list[int]
    ) -> Iterator[tuple[int, int, bytes]]:
        """Iterate over the rows of some topics, as (topic, time, data)."""
        marks = ','.join('?' * len(topics))
        chosen = f'SELECT id, topic_id, timestamp, data FROM messages WHERE topic_id IN ({marks})'
        told = -1
        try:
            first, last = database.execute(
                'SELECT min(timestamp), max(timestamp) FROM messages'
            ).fetchone()
            for _, topic, time, data in database.execute(
                f'{chosen} ORDER BY timestamp, id', topics
            ):
                told = time
                self.done = (time - first) / max(1, last - first)
                yield topic, time, data
            return
        except sqlite3.Error as error:
            self.note('the file cannot be read completely, it is cut off or damaged', error)
        # Without the index of the times, the rows are in the order of their numbers.
        yield from self._without_index(database, chosen, topics, told)

    def _without_index(
        self, database: sqlite3.Connection, chosen: str, topics: list[int], told: int
    ) -> Iterator[tuple[int, int, bytes]]:
        """Iterate over the readable rows after a time, by their numbers."""
        last, skipped = 0, 0
        while skipped < MOST_SKIPPED:
            try:
                for row, topic, time, data in database.execute(
                    f'{chosen} AND id > {last} ORDER BY id', topics
                ):
                    last = row
                    if time > told:
                        yield topic, time, data
                return
            except sqlite3.Error:
                last, skipped = last + 1, skipped + 1

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Open the database for reading, even if it is cut off."""
        with tempfile.TemporaryDirectory(prefix='fer_ros_') as folder:
            path = self.path
            if self._compressed:
                path = Path(folder) / 'bag.db3'
                self._decompress_to(path)
            # On a medium that cannot be written, SQLite reads only files that never change. Such
            # a file has no log of changes, which a recorder that was interrupted leaves behind.
            wal = path.with_name(path.name + '-wal')
            ways = ('mode=ro', 'mode=ro&immutable=1') if wal.exists() else ('immutable=1',)
            for way in ways:
                address = f'file:{quote(str(path.absolute()))}?{way}'
                with closing(sqlite3.connect(address, uri=True)) as database:
                    try:
                        # SQLite refuses a file that is shorter than its header says, unless the
                        # schema may be written.
                        database.execute('PRAGMA writable_schema=ON')
                        database.execute('SELECT count(*) FROM topics').fetchone()
                    except sqlite3.Error:
                        if way != ways[-1]:
                            continue
                        raise
                    yield database
                    return

    def _decompress_to(self, path: Path) -> None:
        """Decompress the file, as far as it can be read."""
        import zstandard

        with self.path.open('rb') as source, path.open('wb') as target:
            reader = zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True)
            try:
                shutil.copyfileobj(reader, target, 2**20)
            except zstandard.ZstdError as error:
                self.note('the compressed file is damaged', error)
