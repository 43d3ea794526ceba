"""Write the tables of a recording: one row per face and frame, and one row per change."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from fer_ros.offline.analysis import Analysed
from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.faces import ATTENTION_STATES
from fer_ros.perception.faces import Face
from fer_ros.perception.frame_result import FrameResult

# Number of rows that are written at once.
BATCH = 20_000

# Prefix of the columns with the probability of each label.
PROBABILITY = 'p_'

_PLACE = [
    ('input', pa.string(), 'path of the recording'),
    ('topic', pa.string(), 'topic of the image; empty for a video or pictures'),
    ('frame', pa.int64(), 'number of the image among those of its topic, from 0'),
    ('stamp', pa.int64(), 'timestamp of the image [ns]'),
    ('time', pa.float64(), 'time since the first image of the topic, by the timestamps [s]'),
    ('id', pa.int64(), 'id of the person in this recording and topic'),
]

_FACE = [
    *_PLACE,
    ('left', pa.float64(), 'left side of the bounding box [px]'),
    ('top', pa.float64(), 'upper side of the bounding box [px]'),
    ('right', pa.float64(), 'right side of the bounding box [px]'),
    ('bottom', pa.float64(), 'lower side of the bounding box [px]'),
    ('face_score', pa.float64(), "detector's probability of a face, 0 to 1"),
    ('emotion', pa.string(), 'decided emotion'),
    ('score', pa.float64(), 'score of the decided emotion, as on /emotion, 0 to 1'),
    ('valence', pa.float64(), 'expected valence, -1 to 1'),
    ('arousal', pa.float64(), 'expected arousal, -1 to 1'),
    ('attention', pa.string(), 'attending, away or unknown; null if attention is off'),
    ('attention_score', pa.float64(), 'score of the attention, 0 to 1; null if it is off'),
    ('x', pa.float64(), 'position to the right of the camera [m]; null if unknown'),
    ('y', pa.float64(), 'position below the camera [m]; null if unknown'),
    ('z', pa.float64(), 'position in front of the camera [m]; null if unknown'),
]

_CHANGE = [
    *_PLACE,
    ('change', pa.string(), 'came, changed or left'),
    ('emotion', pa.string(), 'decided emotion after the change; null if the person left'),
    ('before', pa.string(), 'decided emotion before the change; null if the person came'),
    ('score', pa.float64(), 'score of the decided emotion, 0 to 1; null if the person left'),
]

CAME, CHANGED, LEFT = 'came', 'changed', 'left'


def face_schema(labels: Sequence[str], about: Mapping[str, Any]) -> pa.Schema:
    """
    Return the columns of the faces.

    :param labels: labels of the model, in its order.
    :param about: facts about the call for the metadata, in the types of JSON.
    """
    columns = _FACE + [
        (PROBABILITY + label, pa.float64(), f'probability of {label}, 0 to 1') for label in labels
    ]
    return _schema(columns, about)


def change_schema(about: Mapping[str, Any]) -> pa.Schema:
    """Return the columns of the changes; see `face_schema`."""
    return _schema(_CHANGE, about)


def _schema(
    columns: Sequence[tuple[str, pa.DataType, str]], about: Mapping[str, Any]
) -> pa.Schema:
    """Return a schema with the description of each column and of the table."""
    fields = [pa.field(name, kind, metadata={'description': text}) for name, kind, text in columns]
    return pa.schema(fields, metadata={'fer_ros': json.dumps(about, sort_keys=True)})


def decided_score(face: Face, labels: Sequence[str]) -> float:
    """Return the score of the decided emotion, as in the first result of a detection."""
    if face.emotion == UNCERTAIN:
        return 1 - float(face.probabilities.max())
    return float(face.probabilities[labels.index(face.emotion)])


def _attention_of(face: Face) -> tuple[str | None, float | None]:
    """Return the decided attention of a face and its score."""
    if face.attention is None:
        return None, None
    state = face.attention.state
    return state, float(face.attention.scores[ATTENTION_STATES.index(state)])


class Table:
    """
    A table that is written while it grows.

    :param path: path of the Parquet file.
    :param schema: its columns.
    :param csv: path of a CSV file with the same rows; None for none.
    """

    def __init__(self, path: Path, schema: pa.Schema, csv: Path | None = None) -> None:
        self.rows = 0
        self._schema = schema
        self._columns: list[list[Any]] = [[] for _ in schema]
        self._parquet = pq.ParquetWriter(path, schema, compression='zstd')
        self._csv = pa.csv.CSVWriter(csv, schema) if csv is not None else None

    def add(self, row: Sequence[Any]) -> None:
        """Add a row, in the order of the columns."""
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)
        self.rows += 1
        if len(self._columns[0]) >= BATCH:
            self._flush()

    def close(self) -> None:
        """Write the remaining rows, and close the files."""
        self._flush()
        self._parquet.close()
        if self._csv is not None:
            self._csv.close()

    def _flush(self) -> None:
        """Write the rows in memory."""
        if not self._columns[0]:
            return
        arrays = [
            pa.array(column, field.type)
            for column, field in zip(self._columns, self._schema, strict=True)
        ]
        batch = pa.record_batch(arrays, schema=self._schema)
        self._parquet.write_batch(batch)
        if self._csv is not None:
            self._csv.write_batch(batch)
        for column in self._columns:
            column.clear()


class Tables:
    """
    The tables of a recording.

    :param folder: folder for the files.
    :param name: path of the recording, for the column `input`.
    :param labels: labels of the model, in its order.
    :param about: facts about the call for the metadata.
    :param csv: whether the rows are also written as CSV.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        labels: Sequence[str],
        about: Mapping[str, Any],
        csv: bool = False,
    ) -> None:
        self._name = name
        schemas = {'faces': face_schema(labels, about), 'changes': change_schema(about)}
        self.faces, self.changes = (
            Table(folder / f'{one}.parquet', schema, folder / f'{one}.csv' if csv else None)
            for one, schema in schemas.items()
        )
        # For each topic: the timestamp of its first image [ns].
        self._first: dict[str, int] = {}
        # For each topic: the last decided emotion of each person who is here.
        self._here: dict[str, dict[int, str]] = {}

    def add(self, analysed: Analysed) -> None:
        """Add the rows of an image."""
        frame = analysed.frame
        first = self._first.setdefault(frame.topic, frame.stamp)
        if analysed.result is None:
            return
        place = (
            self._name,
            frame.topic,
            analysed.number,
            frame.stamp,
            (frame.stamp - first) / 1e9,
        )
        self._add_faces(place, analysed.result)
        self._add_changes(place, analysed.result, self._here.setdefault(frame.topic, {}))

    def close(self) -> None:
        """Close the files of both tables."""
        self.faces.close()
        self.changes.close()

    def _add_faces(self, place: tuple[Any, ...], result: FrameResult) -> None:
        """Add a row for each face."""
        for face in result.faces:
            valence, arousal = result.affect_of(face)
            point = face.position.point.tolist() if face.position else (None, None, None)
            self.faces.add(
                (
                    *place,
                    face.id,
                    *(float(side) for side in face.box),
                    float(face.score),
                    face.emotion,
                    decided_score(face, result.labels),
                    valence,
                    arousal,
                    *_attention_of(face),
                    *point,
                    *face.probabilities.tolist(),
                )
            )

    def _add_changes(
        self, place: tuple[Any, ...], result: FrameResult, here: dict[int, str]
    ) -> None:
        """Add a row for each change."""
        for face in result.changed_faces:
            before = here.get(face.id)
            what = CAME if before is None else CHANGED
            score = decided_score(face, result.labels)
            self.changes.add((*place, face.id, what, face.emotion, before, score))
            here[face.id] = face.emotion
        for id_ in result.left_ids:
            self.changes.add((*place, id_, LEFT, None, here.pop(id_, None), None))
