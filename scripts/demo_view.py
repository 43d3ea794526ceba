"""Show the faces and their emotions in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
import shutil
from typing import TextIO

BAR_WIDTH = 30
EIGHTHS = ' ▏▎▍▌▋▊▉'


@dataclass(frozen=True)
class SeenFace:
    """
    A face, as described by a message.

    :param id: id of the person.
    :param box: (left, top, right, bottom) in pixels.
    :param emotion: decided emotion, or 'uncertain'.
    :param score: score of the decided emotion, 0 to 1.
    :param distribution: probability of each emotion, in descending order.
    """

    id: str
    box: tuple[float, float, float, float]
    emotion: str
    score: float
    distribution: dict[str, float]


def bar(share: float) -> str:
    """Format a fraction from 0 to 1 as a bar in a field of constant width."""
    eighths = round(min(max(share, 0.0), 1.0) * BAR_WIDTH * 8)
    full, rest = divmod(eighths, 8)
    return ('█' * full + EIGHTHS[rest] * (rest > 0)).ljust(BAR_WIDTH)


def face_lines(face: SeenFace, detailed: bool) -> list[str]:
    """
    Format a face as one line, optionally followed by one line per emotion.

    :param face: face to format.
    :param detailed: True to add a bar for each emotion.
    :return: lines of text.
    """
    left, top, right, bottom = face.box
    head = (
        f'  face {face.id}: {face.emotion} {face.score:.2f}   '
        f'{right - left:.0f}x{bottom - top:.0f} pixels at ({left:.0f}, {top:.0f})'
    )
    if not detailed:
        return [head]
    # The bars are in alphabetical order, so that their positions remain constant.
    bars = [
        f'    {name:<10} {bar(share)} {share:.2f}'
        for name, share in sorted(face.distribution.items())
    ]
    return [head, *bars]


def short_line(faces: list[SeenFace]) -> str:
    """Format all faces in one short line."""
    if not faces:
        return 'nobody'
    return '; '.join(f'face {face.id} {face.emotion} {face.score:.2f}' for face in faces)


class TerminalView:
    """Shows the newest faces, in place on a terminal, otherwise as one line per second."""

    def __init__(self, stream: TextIO) -> None:
        """
        Create the view for an output stream.

        :param stream: standard output, whether or not it is a terminal.
        """
        self._stream = stream
        self._in_place = stream.isatty()
        self._lines = 0
        self.period = 0.1 if self._in_place else 1.0  # time between two calls of `show` [s]

    def show(self, head: str, faces: list[SeenFace]) -> None:
        """
        Show the newest faces.

        :param head: progress of the demo, in one line.
        :param faces: faces in the newest frame.
        """
        if not self._in_place:
            print(f'{head}: {short_line(faces)}', file=self._stream, flush=True)
            return
        columns, rows = shutil.get_terminal_size()
        detailed = sum(1 + len(face.distribution) for face in faces) < rows - 3
        lines = [head]
        for face in faces:
            lines += face_lines(face, detailed)
        if not faces:
            lines.append('  nobody')
        # Lines that scroll off the screen cannot be overwritten later.
        lines = [line[: columns - 1] for line in lines[: rows - 1]]
        up = f'\x1b[{self._lines}A' if self._lines else ''
        self._stream.write(up + '\r\x1b[J' + '\n'.join(lines) + '\n')
        self._stream.flush()
        self._lines = len(lines)
