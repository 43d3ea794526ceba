"""A chart of the tracks in a video: one row per person, one cell per frame, one colour per id."""

from __future__ import annotations

from collections.abc import Mapping
import colorsys
import io

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from benchmark.behaviour.track_measures import Box
from benchmark.behaviour.track_measures import match
from benchmark.rig.watching import Watched

# Width of a frame, height of a row, width of the row names, and height of the axis [points].
FRAME_WIDTH = 6
ROW_HEIGHT = 20
NAMES_WIDTH = 80
AXIS_HEIGHT = 36
MARGIN = 12

POINTS_PER_INCH = 72

# The golden angle [degrees], which gives consecutive ids clearly different hues.
HUE_STEP = 137.508
NOT_FOUND = '#dddddd'


def colour_of(id_: int) -> tuple[float, float, float]:
    """Return the colour of an id, (red, green, blue) from 0 to 1."""
    return colorsys.hls_to_rgb(id_ * HUE_STEP % 360 / 360, 0.55, 0.7)


def chart(watched: Watched, annotation: Mapping[int, Mapping[int, Box]] | None) -> str:
    """
    Draw the tracks in a video as an SVG image.

    :param watched: pipeline results of the video.
    :param annotation: annotated boxes by frame and person; None draws one row per id.
    :return: an SVG element.
    """
    # A fixed salt and no date make the output reproducible.
    with mpl.rc_context({'svg.hashsalt': 'tracking', 'svg.fonttype': 'none', 'font.size': 9}):
        file = io.StringIO()
        draw(watched, annotation).savefig(file, format='svg', metadata={'Date': None})
    # An SVG element inside a page must not start with an XML declaration.
    start = file.getvalue().index('<svg')
    return file.getvalue()[start:]


def draw(watched: Watched, annotation: Mapping[int, Mapping[int, Box]] | None) -> Figure:
    """
    Draw the tracks in a video; see `chart`.

    :param watched: pipeline results of the video.
    :param annotation: annotated boxes by frame and person; None draws one row per id.
    :return: a figure with frames on the horizontal axis, and rows from top to bottom.
    """
    rows, frames = rows_of(watched, annotation), max(len(watched.times), 1)
    width = NAMES_WIDTH + FRAME_WIDTH * frames + MARGIN
    height = ROW_HEIGHT * max(len(rows), 1) + AXIS_HEIGHT
    figure = Figure((width / POINTS_PER_INCH, height / POINTS_PER_INCH))
    axes = figure.add_axes(
        (
            NAMES_WIDTH / width,
            AXIS_HEIGHT / height,
            FRAME_WIDTH * frames / width,
            1 - AXIS_HEIGHT / height,
        )
    )
    for row, cells in enumerate(rows.values()):
        before: int | None = None
        for frame, id_ in sorted(cells.items()):
            colour = NOT_FOUND if id_ is None else colour_of(id_)
            cell = Rectangle((frame, row - 0.42), 1, 0.84, color=colour, linewidth=0)
            cell.set_gid(f'row{row}-frame{frame}')
            axes.add_patch(cell)
            if id_ is not None and id_ != before:
                axes.text(frame + 0.3, row, str(id_), verticalalignment='center')
            before = id_ if id_ is not None else before
    axes.set_xlim(0, frames)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_xlabel('frame')
    axes.spines[['left', 'right', 'top']].set_visible(False)
    axes.tick_params(axis='y', length=0)
    return figure


def rows_of(
    watched: Watched, annotation: Mapping[int, Mapping[int, Box]] | None
) -> dict[str, dict[int, int | None]]:
    """
    Return the id in each frame for each row name.

    The id is None if the person was not detected.
    """
    rows: dict[str, dict[int, int | None]] = {}
    if annotation is None:
        for frame, faces in enumerate(watched.faces):
            for face in faces:
                rows.setdefault(f'id {face.id}', {})[frame] = face.id
        return rows
    for person in sorted({name for persons in annotation.values() for name in persons}):
        rows[f'person {person}'] = {}
    rows['nobody'] = {}
    for frame, faces in enumerate(watched.faces):
        persons = annotation.get(frame, {})
        faces_of = match(persons, faces)
        for person in persons:
            found = faces_of.get(person)
            rows[f'person {person}'][frame] = found.id if found else None
        known = {face.id for face in faces_of.values()}
        for face in faces:
            if face.id not in known:
                rows['nobody'][frame] = face.id
    return rows
