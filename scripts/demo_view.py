"""Show the faces and their emotions in a terminal."""

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


def bar(share: float) -> Bar:
    """Draw a fraction from 0 to 1 as a bar of constant width; values outside are clipped."""
    return Bar(1.0, 0.0, share, width=BAR_WIDTH)


def line_of(words: str) -> Text:
    """Return a line of text that is cut instead of wrapped if the terminal is narrow."""
    return Text(words, no_wrap=True, overflow='crop')


def face_line(face: SeenFace) -> Text:
    """Format the box and the decided emotion of a face as one line."""
    left, top, right, bottom = face.box
    return line_of(
        f'  face {face.id}: {face.emotion} {face.score:.2f}   '
        f'{right - left:.0f}x{bottom - top:.0f} pixels at ({left:.0f}, {top:.0f})'
    )


def bars_of(face: SeenFace) -> RenderableType:
    """Draw one line with a bar for each emotion of a face."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, min_width=NAME_WIDTH)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    # The bars are in alphabetical order, so that their positions remain constant.
    for name, share in sorted(face.distribution.items()):
        table.add_row(Text(name), bar(share), f'{share:.2f}')
    return Padding(table, (0, 0, 0, 4))


def short_line(faces: list[SeenFace]) -> str:
    """Format all faces in one short line."""
    if not faces:
        return 'no face'
    return '; '.join(f'face {face.id} {face.emotion} {face.score:.2f}' for face in faces)


class TerminalView:
    """Shows the newest faces, in place on a terminal, otherwise as one line per second."""

    def __init__(self, stream: TextIO) -> None:
        """
        Create the view for an output stream.

        :param stream: standard output, whether or not it is a terminal.
        """
        self._stream = stream
        # Rich would treat a file as a terminal if a variable such as FORCE_COLOR is set.
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
        Show the newest faces.

        :param head: progress of the demo, in one line.
        :param faces: faces in the newest frame.
        """
        if not self._in_place:
            print(f'{head}: {short_line(faces)}', file=self._stream, flush=True)
            return
        rows = self._console.height
        detailed = sum(1 + len(face.distribution) for face in faces) < rows - FREE_LINES
        lines: list[RenderableType] = [line_of(head)]
        # Lines that scroll off the screen cannot be overwritten later.
        for face in faces[: max(0, rows - 2)]:
            lines.append(face_line(face))
            if detailed:
                lines.append(bars_of(face))
        if not faces:
            lines.append(line_of('  no face'))
        self._live.start()
        self._live.update(Group(*lines), refresh=True)

    def close(self) -> None:
        """Stop updating; leave the last state on the terminal and show the cursor."""
        self._live.stop()
