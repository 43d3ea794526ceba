"""Plots of the results of `benchmark scale`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import re
from typing import Any

# Size of the whole drawing [inches].
SIZE = (10.0, 3.2)


def points(rows: Sequence[dict[str, Any]], pattern: str, key: str) -> dict[tuple[int, ...], float]:
    """
    Select figures from rows by name.

    :param rows: rows as returned by `Row.figures`.
    :param pattern: regular expression for the whole name; its groups must be numbers.
    :param key: key of the figure in a row.
    :return: the figures, with the numbers of the groups as keys.
    """
    found = {}
    for row in rows:
        match = re.fullmatch(pattern, row['name'])
        if match:
            found[tuple(int(group) for group in match.groups())] = float(row[key])
    return found


def draw(rows: Sequence[dict[str, Any]], path: Path, caption: str = '') -> None:
    """
    Plot how the cost grows with faces, pixels and cameras.

    :param rows: rows of `benchmark scale`.
    :param path: output path; its suffix selects the format.
    :param caption: origin of the figures.
    """
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot

    # A fixed salt makes the file reproducible.
    with mpl.rc_context({'svg.hashsalt': 'scale', 'svg.fonttype': 'none', 'font.size': 9}):
        figure, (of_faces, of_pixels, of_cameras) = pyplot.subplots(
            1, 3, figsize=SIZE, layout='constrained'
        )
        for size in ('640x480', '1280x720'):
            found = points(rows, rf'faces_(\d+)_at_{size}', 'median_ms')
            of_faces.plot([key[0] for key in found], list(found.values()), 'o-', label=size)
        of_faces.set_xlabel('faces')
        of_faces.set_ylabel('ms per frame')
        for name, label in (
            ('pixels', 'min_face_size 24'),
            ('pixels_in_proportion', 'min_face_size in proportion to the width'),
        ):
            found = points(rows, rf'{name}_(\d+)x(\d+)', 'median_ms')
            millions = [width * height / 1e6 for width, height in found]
            of_pixels.plot(millions, list(found.values()), 'o-', label=label)
        of_pixels.set_xlabel('image size [megapixels], one face')
        found = points(rows, r'cameras_(\d+)', 'value')
        cameras = [key[0] for key in found]
        of_cameras.plot(
            cameras, list(found.values()), 'o-', label='CPU of all nodes [% of a core]'
        )
        for key, label in (('median_ms', 'age, median [ms]'), ('p95_ms', 'age, p95 [ms]')):
            found = points(rows, r'cameras_(\d+)', key)
            of_cameras.plot(cameras, list(found.values()), 'o--', label=label)
        of_cameras.set_xlabel('number of cameras, 640x480 at 30 Hz')
        figure.suptitle(caption, fontsize=8)
        for axes in (of_faces, of_pixels, of_cameras):
            axes.set_ylim(bottom=0)
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)
        figure.savefig(path, metadata={'Date': None} if path.suffix == '.svg' else None)
        pyplot.close(figure)
