"""Show faces and their emotions in a terminal, as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from rich.bar import Bar
from rich.console import Console
from rich.console import Group
from rich.console import RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

# Width of a bar, and least width of the names before them [characters].
BAR_WIDTH = 30
NAME_WIDTH = 10
# Lines of a terminal that faces leave free.
FREE_LINES = 3


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


def bar(share: float) -> Bar:
    """Draw a share of one, which may be a little out of it, as a bar of constant width."""
    return Bar(1.0, 0.0, share, width=BAR_WIDTH)


def line_of(words: str) -> Text:
    """Make a line that is cut, and not wrapped, where the terminal is narrow."""
    return Text(words, no_wrap=True, overflow='crop')


def face_line(face: SeenFace) -> Text:
    """Describe a face in a line."""
    left, top, right, bottom = face.box
    return line_of(
        f'  face {face.id}: {face.emotion} {face.score:.2f}   '
        f'{right - left:.0f}x{bottom - top:.0f} pixels at ({left:.0f}, {top:.0f})'
    )


def bars_of(face: SeenFace) -> RenderableType:
    """Draw a bar for each emotion of a face, a line each."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, min_width=NAME_WIDTH)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    # In the order of the alphabet, so that the bars do not jump about.
    for name, share in sorted(face.distribution.items()):
        table.add_row(Text(name), bar(share), f'{share:.2f}')
    return Padding(table, (0, 0, 0, 4))


def short_line(faces: list[SeenFace]) -> str:
    """Describe all faces in a few words."""
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
        # A variable such as FORCE_COLOR makes no terminal of a file.
        self._console = Console(
            file=stream, force_terminal=stream.isatty(), color_system=None, markup=False
        )
        self._in_place = self._console.is_terminal and not self._console.is_dumb_terminal
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow='crop',
        )
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
        rows = self._console.height
        detailed = sum(1 + len(face.distribution) for face in faces) < rows - FREE_LINES
        lines: list[RenderableType] = [line_of(head)]
        # What scrolls off could not be taken back.
        for face in faces[: max(0, rows - 2)]:
            lines.append(face_line(face))
            if detailed:
                lines.append(bars_of(face))
        if not faces:
            lines.append(line_of('  nobody'))
        self._live.start()
        self._live.update(Group(*lines), refresh=True)

    def close(self) -> None:
        """Leave the last state on the terminal, and give the cursor back."""
        self._live.stop()
