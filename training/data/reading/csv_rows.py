"""Find the columns of a CSV file, and the fields of its rows."""

from __future__ import annotations

from collections.abc import Sequence
import csv
from dataclasses import dataclass
import re

from training.data.datasets import DataError
from training.data.datasets import split_of
from training.data.datasets import USAGES
from training.data.reading.csv_blocks import CUT_MARK
from training.data.reading.csv_blocks import MARGIN
from training.data.reading.csv_blocks import MOST_LINE_BYTES
from training.data.reading.files import DataFile
from training.data.reading.impostors import check_start
from training.data.reading.pixels import PIXELS

# Characters to strip around a field.
_AROUND = b'" \t\r'

# Names of the columns with the label and the split, in small letters.
LABEL_COLUMNS = ('emotion', 'emotions', 'label', 'labels', 'class', 'expression')
SPLIT_COLUMNS = ('usage', 'split', 'set', 'subset')
PIXEL_COLUMN = 'pixels'

# Name of a column with one pixel.
_ONE_PIXEL = re.compile(r'(pixel|px|p)?[_ ]?\d+')

DELIMITERS = (b',', b';', b'\t')

# Maximum number of different labels; more are no labels.
MOST_LABELS = 1000


@dataclass
class Row:
    """
    A row of a file.

    :param line: line number in the file, from 1.
    :param number: row number from 0, not counting blank rows; -1 for a blank row.
    :param fault: reason why the row is skipped, or an empty string.
    :param label: index of its label in the order in which the labels were found.
    :param split: one of `datasets.SPLITS`, or empty if the file has no splits.
    :param pixels: begin and end of the numbers in the current block.
    """

    line: int
    number: int
    fault: str = ''
    label: int = 0
    split: str = ''
    pixels: tuple[int, int] = (0, 0)

    def name(self, file: DataFile) -> str:
        """Return the name of the row for messages."""
        row = '' if self.number < 0 else f' (row {self.number})'
        return f'{file.name} line {self.line}{row}'


class Table:
    """The columns of a file, and the current position in its rows."""

    def __init__(self, file: DataFile, text: bytearray, size: int, labels: list[str]) -> None:
        """
        Read the header.

        :param file: the file.
        :param text: first buffer of `csv_blocks.blocks`; its first line is the header.
        :param size: number of valid bytes in the buffer.
        :param labels: labels found so far; new labels are appended.
        :raises DataError: if the header is missing or lacks a column.
        """
        end = text.index(b'\n', 0, size)
        line = bytes(text[MARGIN:end])
        check_start(line, file.name)
        csv.field_size_limit(MOST_LINE_BYTES)
        self._delimiter = max(DELIMITERS, key=line.count)
        header = line.decode('utf-8-sig', errors='replace').strip()
        reader = csv.reader([header], delimiter=self._delimiter.decode())
        names = [name.strip().lower() for name in next(reader, [])]
        # The name of the file gives the split, so the column `Usage` is not needed.
        self.split = split_of(file.stem) or ''
        self.has_labels = any(name in LABEL_COLUMNS for name in names)
        wanted = ['emotion'] if not self.has_labels else []
        pixels = _pixel_columns(names)
        if pixels is None:
            wanted.append(PIXEL_COLUMN)
        usages = [place for place, name in enumerate(names) if name in SPLIT_COLUMNS]
        if wanted:
            if len(wanted) == 2 and not usages and not self.split:
                wanted.append('Usage')
            begin = f"its first line is '{header[:40]}{'…' if len(header) > 40 else ''}'"
            self.lacks = f'{file.name} has no column {", ".join(wanted)}; {begin}'
            if pixels is None or len(wanted) > 1:
                raise DataError(self.lacks)
        self.has_splits = bool(self.split or usages)
        self._label_place = next(
            (place for place, name in enumerate(names) if name in LABEL_COLUMNS), 0
        )
        self._usage_place = None if self.split or not usages else usages[0]
        self._pixel_places = pixels or (0, 0)
        self._columns = len(names)
        self._labels = labels
        self._label_numbers = {label.encode(): number for number, label in enumerate(labels)}
        self._splits: dict[bytes, str | None] = {}
        self._blank: list[Row] = []
        self._begin = end + 1
        self._lines = 1
        self.count = 0

    def rows(self, text: bytearray, size: int) -> list[Row]:
        """
        Parse the next lines into rows.

        :param text: buffer of `csv_blocks.blocks`.
        :param size: number of valid bytes in the buffer.
        :return: the rows; blank rows are included only if another row follows, so not at the end.
        """
        rows = []
        begin, self._begin = self._begin, MARGIN
        while begin < size:
            end = text.index(b'\n', begin, size)
            self._lines += 1
            # Long lines cannot be blank, so only short lines are stripped.
            if end - begin < PIXELS and not text[begin:end].strip():
                self._blank.append(Row(self._lines, -1, 'the row is blank'))
            else:
                rows += self._blank
                self._blank = []
                row = Row(self._lines, self.count)
                row.fault = self._fill(row, text, begin, end)
                rows.append(row)
                self.count += 1
            begin = end + 1
        return rows

    def _fill(self, row: Row, text: bytearray, begin: int, end: int) -> str:
        """Fill a row from its line; return the reason if the line is invalid."""
        if text.endswith(CUT_MARK, begin, end):
            return f'the row is longer than {MOST_LINE_BYTES >> 20} MiB'
        quoted = text.find(b'"', begin, end) >= 0
        read = _quoted_fields if quoted else _fields
        try:
            fields = read(text, begin, end, self._delimiter)
        except (UnicodeDecodeError, csv.Error):
            return 'the row is not valid CSV'
        columns = self._columns
        if len(fields) < columns:
            return 'the row has fewer columns than the header'
        if any(text[first:last].strip() for first, last in fields[columns:]):
            return 'the row has more columns than the header'
        first, last = self._pixel_places
        row.pixels = fields[first][0], fields[last][1]
        if last > first:
            begin, end = row.pixels
            text[begin:end] = text[begin:end].replace(self._delimiter, b' ')
        row.label = self._label(bytes(text[slice(*fields[self._label_place])].strip(_AROUND)))
        split: str | None = self.split
        if self._usage_place is not None:
            place = fields[self._usage_place]
            split = self._usage(bytes(text[slice(*place)].strip(_AROUND)))
        if split is None:
            return f'the usage is not one of {", ".join(USAGES)}'
        row.split = split
        return ''

    def _label(self, text: bytes) -> int:
        """Return the index of a label, and add it to the labels if it is new."""
        number = self._label_numbers.get(text)
        if number is None:
            name = text.decode(errors='backslashreplace')
            # The number 3.0 is 3.
            name = re.sub(r'^(\d+)\.0*$', r'\1', name)
            if name not in self._labels:
                if len(self._labels) >= MOST_LABELS:
                    raise DataError(f'there are more than {MOST_LABELS} different labels')
                self._labels.append(name)
            number = self._label_numbers[text] = self._labels.index(name)
        return number

    def _usage(self, text: bytes) -> str | None:
        """Return the split that a usage stands for, or None."""
        if text not in self._splits:
            name = text.decode(errors='replace')
            self._splits[text] = USAGES.get(name) or split_of(name)
        return self._splits[text]


def _pixel_columns(names: Sequence[str]) -> tuple[int, int] | None:
    """Return the index of the first and the last column with pixels, or None."""
    if PIXEL_COLUMN in names:
        return names.index(PIXEL_COLUMN), names.index(PIXEL_COLUMN)
    places = [place for place, name in enumerate(names) if _ONE_PIXEL.fullmatch(name)]
    if len(places) > 1 and places[-1] - places[0] == len(places) - 1:
        return places[0], places[-1]
    return None


def _fields(text: bytearray, begin: int, end: int, delimiter: bytes) -> list[tuple[int, int]]:
    """Return the begin and the end of each field of a line."""
    if text.endswith(b'\r', begin, end):
        end -= 1
    fields = []
    while (comma := text.find(delimiter, begin, end)) >= 0:
        fields.append((begin, comma))
        begin = comma + 1
    return [*fields, (begin, end)]


def _quoted_fields(
    text: bytearray, begin: int, end: int, delimiter: bytes
) -> list[tuple[int, int]]:
    """Return the begin and the end of each field of a line that contains quotes."""
    fields = []
    line = text[begin:end].decode('utf-8').rstrip('\r')
    for field in next(csv.reader([line], delimiter=delimiter.decode())):
        content = field.encode()
        # A field with escaped quotes is not found in the text; it is no valid number or usage
        # anyway.
        first = max(text.find(content, begin, end), begin)
        fields.append((first, min(first + len(content), end)))
        begin = fields[-1][1]
    return fields
