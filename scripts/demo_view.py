"""Show faces and their emotions in a terminal, as they come."""

from __future__ import annotations

from dataclasses import dataclass
import shutil
from typing import TextIO

BAR_WIDTH = 30
EIGHTHS = ' ▏▎▍▌▋▊▉'


@dataclass(frozen=True)
class SeenFace:
    """
    A face as a message tells of it.

    :param id: of the person.
    :param box: left, top, right, bottom [pixels].
    :param emotion: what was decided; it may be 'uncertain'.
    :param score: of the decision.
    :param distribution: the probability of each emotion, best first.
    """

    id: str
    box: tuple[float, float, float, float]
    emotion: str
    score: float
    distribution: dict[str, float]


def bar(share: float) -> str:
    """Draw a share of one as a bar of constant width."""
    eighths = round(min(max(share, 0.0), 1.0) * BAR_WIDTH * 8)
    full, rest = divmod(eighths, 8)
    return ('█' * full + EIGHTHS[rest] * (rest > 0)).ljust(BAR_WIDTH)


def face_lines(face: SeenFace, detailed: bool) -> list[str]:
    """
    Tell of a face in a line, or in one and one more per emotion.

    :param face: what to tell of.
    :param detailed: with a bar per emotion.
    """
    left, top, right, bottom = face.box
    head = (
        f'  face {face.id}: {face.emotion} {face.score:.2f}   '
        f'{right - left:.0f}x{bottom - top:.0f} pixels at ({left:.0f}, {top:.0f})'
    )
    if not detailed:
        return [head]
    # In the order of the alphabet, so that the bars do not jump about.
    bars = [
        f'    {name:<10} {bar(share)} {share:.2f}'
        for name, share in sorted(face.distribution.items())
    ]
    return [head, *bars]


def short_line(faces: list[SeenFace]) -> str:
    """Tell of all faces in a few words."""
    if not faces:
        return 'nobody'
    return '; '.join(f'face {face.id} {face.emotion} {face.score:.2f}' for face in faces)


class TerminalView:
    """The newest state: in place on a terminal, otherwise a line a second."""

    def __init__(self, stream: TextIO) -> None:
        """
        Write to a stream.

        :param stream: the terminal, or whatever stdout is.
        """
        self._stream = stream
        self._in_place = stream.isatty()
        self._lines = 0
        self.period = 0.1 if self._in_place else 1.0  # between two calls of show [s]

    def show(self, head: str, faces: list[SeenFace]) -> None:
        """
        Show the newest state.

        :param head: how the demo goes, in one line.
        :param faces: those in the newest frame.
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
        # What scrolls off could not be taken back.
        lines = [line[: columns - 1] for line in lines[: rows - 1]]
        up = f'\x1b[{self._lines}A' if self._lines else ''
        self._stream.write(up + '\r\x1b[J' + '\n'.join(lines) + '\n')
        self._stream.flush()
        self._lines = len(lines)
