"""Write the page of a recording, and the page of all recordings."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from fer_ros.offline.outputs.timeline import Bin
from fer_ros.offline.outputs.timeline import Person
from fer_ros.offline.outputs.timeline import Timeline
from fer_ros.perception.drawing.colours import colours_of
from fer_ros.perception.emotions import UNCERTAIN

FILE = 'report.html'

# At most this many people have a timeline; the others are summed up.
MOST_PEOPLE = 24

# Distances of the marks of the time axis, also multiplied by 2 and by 5 [s].
UNITS = (0.01, 0.1, 1, 10, 60, 600, 3600, 36000, 86400)

# Size of a chart in its own units, which a browser scales to the width of the page.
CHART_WIDTH = 900
AREA_HEIGHT = 70
FACES_HEIGHT = 60


@dataclass(frozen=True)
class Shape:
    """
    A filled shape of a chart.

    :param name: label that the shape shows.
    :param path: its outline in the form of SVG.
    """

    name: str
    path: str


def write_report(
    path: Path,
    name: str,
    timelines: Mapping[str, Timeline],
    notes: Sequence[str],
    about: Mapping[str, Any],
) -> None:
    """
    Write the page of a recording.

    :param path: file to write.
    :param name: path of the recording.
    :param timelines: for each topic of images: its people and faces.
    :param notes: sentences about parts of the recording without results.
    :param about: facts about the call: settings, model and version.
    """
    labels = next((one.labels for one in timelines.values() if one.labels), ())
    parts = [_part(topic, timeline) for topic, timeline in timelines.items()]
    path.write_text(
        _template('recording.html').render(
            name=name,
            title=Path(name).name,
            parts=parts,
            notes=notes,
            about=about,
            colours=hex_colours(labels),
            width=CHART_WIDTH,
            area=AREA_HEIGHT,
            faces_height=FACES_HEIGHT,
        ),
        encoding='utf-8',
    )


def overview(entries: Mapping[str, Mapping[str, Any]], about: Mapping[str, Any]) -> str:
    """
    Return the page of all recordings.

    :param entries: the entries of the manifest.
    :param about: facts about the call: settings, model and version.
    """
    rows = sorted(entries.items(), key=lambda one: str(one[1].get('input')))
    done = [entry for _, entry in rows if entry.get('status') == 'done']
    sums = {
        name: sum(entry.get(name, 0) for entry in done)
        for name in ('frames', 'frames_without_result', 'faces', 'changes', 'duration', 'seconds')
    }
    return _template('overview.html').render(
        rows=rows, done=len(done), failed=len(rows) - len(done), sums=sums, about=about
    )


def hex_colours(labels: Sequence[str]) -> dict[str, str]:
    """Return the colour of each label and of 'uncertain' for a page."""
    return {
        name: f'#{red:02x}{green:02x}{blue:02x}'
        for name, (blue, green, red) in colours_of(labels).items()
    }


def _template(name: str) -> jinja2.Template:
    """Load a template of this package."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters['span'] = clock
    environment.filters['number'] = grouped
    environment.filters['counted'] = counted
    return environment.get_template(name)


def grouped(value: int) -> str:
    """Write a number with a thin space between thousands."""
    return f'{value:,}'.replace(',', '\u202f')


def counted(value: int, noun: str) -> str:
    """Write a number with a noun in the singular or the plural."""
    return f'{grouped(value)} {noun}' if value == 1 else f'{grouped(value)} {noun}s'


def clock(seconds: float) -> str:
    """Write a time as minutes and seconds, or with hours if it is long."""
    if seconds < 60:
        return f'{seconds:.1f} s'
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes = f'{rest // 60:02d}:{rest % 60:02d}' if hours else f'{rest // 60}:{rest % 60:02d}'
    return f'{hours}:{minutes}' if hours else f'{minutes} min'


def _part(topic: str, timeline: Timeline) -> dict[str, Any]:
    """Return what the page shows of a topic."""
    scale = CHART_WIDTH / timeline.bins
    people = sorted(timeline.people.values(), key=lambda one: (-one.total.frames, one.id))
    shown = sorted(people[:MOST_PEOPLE], key=lambda one: one.id)
    most = max((timeline.faces[one] / count for one, count in timeline.images.items()), default=0)
    rate = timeline.frames / timeline.duration if timeline.duration else 0
    return {
        'topic': topic,
        'timeline': timeline,
        'people': [_person(one, timeline, scale, rate) for one in shown],
        'others': len(people) - len(shown),
        'most_faces': most,
        'faces': _steps(
            {
                index: timeline.faces[index] / count / max(most, 1)
                for index, count in timeline.images.items()
            },
            scale,
            FACES_HEIGHT,
        ),
        'failures': [(index * scale, max(scale, 1.5)) for index in sorted(timeline.failures)],
        'ticks': list(_ticks(timeline.width * timeline.bins)),
    }


def _person(person: Person, timeline: Timeline, scale: float, rate: float) -> dict[str, Any]:
    """Return what the page shows of a person."""
    total = person.total
    names = [*timeline.labels, UNCERTAIN]
    return {
        'id': person.id,
        'first': person.first,
        'last': person.last,
        'visible': total.frames / rate if rate else 0.0,
        'presence': total.frames / max(1, timeline.frames),
        'confidence': total.score / total.frames,
        'changes': max(0, person.changes),
        'shares': [
            (name, total.emotions[name] / total.frames)
            for name in sorted(names, key=lambda one: -total.emotions[one])
            if total.emotions[name]
        ],
        'strip': list(_strip(person.bins, scale)),
        'areas': list(_areas(person.bins, timeline.labels, scale)),
        'confidences': _line(person.bins, scale),
        'picture': base64.b64encode(person.picture).decode(),
    }


def _runs(bins: Iterable[int]) -> Iterator[list[int]]:
    """Split the numbers of intervals into runs without a gap."""
    run: list[int] = []
    for index in sorted(bins):
        if run and index != run[-1] + 1:
            yield run
            run = []
        run.append(index)
    if run:
        yield run


def _strip(bins: Mapping[int, Bin], scale: float) -> Iterator[tuple[str, float, float]]:
    """Yield (emotion, start, width) of each period with the same decided emotion."""
    for run in _runs(bins):
        start = run[0]
        names = [bins[index].emotions.most_common(1)[0][0] for index in run]
        for place, name in enumerate(names):
            if place + 1 == len(names) or names[place + 1] != name:
                end = run[place] + 1
                yield name, start * scale, (end - start) * scale
                start = end


def _areas(bins: Mapping[int, Bin], labels: Sequence[str], scale: float) -> Iterator[Shape]:
    """Yield the shape of each label in the chart of the mean distribution."""
    for row, label in enumerate(labels):
        parts = []
        for run in _runs(bins):
            upper, lower = [], []
            for index in run:
                one = bins[index]
                below = one.probabilities[:row].sum() / one.frames
                above = below + one.probabilities[row] / one.frames
                sides = (index * scale, (index + 1) * scale)
                upper += [f'{x:.1f},{AREA_HEIGHT * (1 - above):.1f}' for x in sides]
                lower += [f'{x:.1f},{AREA_HEIGHT * (1 - below):.1f}' for x in sides]
            parts.append('M' + 'L'.join(upper + lower[::-1]) + 'Z')
        yield Shape(label, ''.join(parts))


def _line(bins: Mapping[int, Bin], scale: float) -> str:
    """Return the path of the mean score of the decided emotion."""
    parts = []
    for run in _runs(bins):
        points = []
        for index in run:
            level = AREA_HEIGHT * (1 - bins[index].score / bins[index].frames)
            points += [f'{x * scale:.1f},{level:.1f}' for x in (index, index + 1)]
        parts.append('M' + 'L'.join(points))
    return ''.join(parts)


def _steps(levels: Mapping[int, float], scale: float, height: int) -> str:
    """Return the path of an area with one level, 0 to 1, in each interval."""
    parts = []
    for run in _runs(levels):
        points = [f'{run[0] * scale:.1f},{height}']
        for index in run:
            level = height * (1 - levels[index])
            points += [f'{x * scale:.1f},{level:.1f}' for x in (index, index + 1)]
        points.append(f'{(run[-1] + 1) * scale:.1f},{height}')
        parts.append('M' + 'L'.join(points) + 'Z')
    return ''.join(parts)


def _ticks(duration: float) -> Iterator[tuple[float, str]]:
    """Yield the place and the text of about five marks of the time axis."""
    steps = [unit * factor for unit in UNITS for factor in (1, 2, 5)]
    step = next((one for one in steps if duration / one <= 6), duration / 5)
    for number in range(int(duration / step) + 1):
        time = number * step
        yield CHART_WIDTH * time / duration, clock(time)
