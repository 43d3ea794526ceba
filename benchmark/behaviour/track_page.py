"""An HTML page with the tracks in a video, and the frames in which an id changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
from jinja2 import Environment
from jinja2 import FileSystemLoader
from jinja2 import StrictUndefined
import numpy as np

from benchmark.behaviour.track_chart import chart
from benchmark.behaviour.track_chart import colour_of
from benchmark.behaviour.track_measures import Box
from benchmark.behaviour.track_measures import TrackMeasures
from benchmark.rig.watching import images_of
from benchmark.rig.watching import Watched
from fer_ros.perception.faces import Face

# Maximum width of a picture; wider frames are scaled down [px].
PICTURE_WIDTH = 1280

TEMPLATE = 'tracking.html'
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent / 'templates'),
    autoescape=True,
    undefined=StrictUndefined,
)


@dataclass(frozen=True)
class Picture:
    """
    A frame that the page shows.

    :param name: file name of the picture, in the folder of the page.
    :param frame: frame number.
    :param reason: why the frame is shown.
    """

    name: str
    frame: int
    reason: str


def write_page(
    folder: Path,
    video: Path,
    watched: Watched,
    annotation: Mapping[int, Mapping[int, Box]] | None,
    measures: TrackMeasures | None,
    lines: list[str],
) -> Path:
    """
    Write the page of a video and its pictures.

    :param folder: output folder; it is created if needed.
    :param video: path of the video file.
    :param watched: pipeline results of the video.
    :param annotation: annotated boxes by frame and person; None if there is no annotation.
    :param measures: tracking measures; None if there is no annotation.
    :param lines: the printed results.
    :return: path of the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = _telling_frames(watched, measures)
    pictures = []
    for number, (_, image) in enumerate(images_of(video)):
        if number in frames:
            name = f'{video.stem}_{number:04}.png'
            cv2.imwrite(str(folder / name), _drawn(image, watched.faces[number]))
            pictures.append(Picture(name, number, frames[number]))
    text = _ENVIRONMENT.get_template(TEMPLATE).render(
        video=video.name,
        lines=lines,
        annotated=annotation is not None,
        chart=chart(watched, annotation),
        pictures=pictures,
    )
    page = folder / f'tracking_{video.stem}.html'
    page.write_text(text, encoding='utf-8')
    return page


def _telling_frames(watched: Watched, measures: TrackMeasures | None) -> dict[int, str]:
    """Choose the frames to show, with the reason for each."""
    last = len(watched.times) - 1
    frames = {last * part // 3: 'sample frame' for part in range(4) if last >= 0}
    if measures is not None:
        for change in (*measures.switches, *measures.returns):
            frames[change.frame] = (
                f'person {change.person}: id changed from {change.before} to {change.after}'
            )
    return frames


def _drawn(image: np.ndarray, faces: list[Face]) -> np.ndarray:
    """Draw bounding boxes with ids in the colours of the chart."""
    drawn = image.copy()
    for face in faces:
        left, top, right, bottom = (round(value) for value in face.box)
        red, green, blue = (255 * part for part in colour_of(face.id))
        colour = (blue, green, red)
        unit = max(1.0, image.shape[0] / 540)
        cv2.rectangle(drawn, (left, top), (right, bottom), colour, round(2 * unit))
        cv2.putText(
            drawn,
            str(face.id),
            (left, top - 4),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.6 * unit,
            colour,
            round(2 * unit),
            cv2.LINE_AA,
        )
    scale = min(1.0, PICTURE_WIDTH / image.shape[1])
    return cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
