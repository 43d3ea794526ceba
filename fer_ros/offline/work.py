"""Analyse one recording and write its results into a folder; the unit of work of every engine."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
import shutil
import time
from typing import Any
from typing import Protocol

from fer_ros.offline.analysis import analyse
from fer_ros.offline.analysis import Analysed
from fer_ros.offline.job import Job
from fer_ros.offline.models import Models
from fer_ros.offline.outputs.mcap_file import McapOutput
from fer_ros.offline.outputs.tables import Tables
from fer_ros.offline.outputs.timeline import Timelines
from fer_ros.offline.outputs.video import Videos
from fer_ros.offline.recordings import open_recording
from fer_ros.offline.recordings import Recording
from fer_ros.perception.backends import BackendError
from fer_ros.perception.quoting import shortened
from fer_ros.sources.bags.bag import reason_of
from fer_ros.sources.base import SourceError

# Time between two reports of the progress [s].
PROGRESS_PERIOD = 0.5


@dataclass(frozen=True)
class Task:
    """
    A recording to analyse.

    :param key: its name in the output folder.
    :param path: its path.
    :param staged: folder for its results; it is created.
    """

    key: str
    path: str
    staged: str


@dataclass
class Outcome:
    """
    What became of a recording.

    :param key: its name in the output folder.
    :param reason: why it failed; empty if its results are complete.
    :param staged: folder with its files, if they are complete.
    :param seconds: duration of the analysis [s].
    :param notes: sentences about parts of the recording that were not analysed.
    :param figures: numbers of frames, faces, people, changes and so on.
    """

    key: str
    reason: str = ''
    staged: str = ''
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


class Output(Protocol):
    """Takes the frames of a recording."""

    def add(self, analysed: Analysed) -> None:
        """Add a frame."""

    def close(self) -> None:
        """Finish the files."""


class Counts:
    """Counts the frames of a recording."""

    def __init__(self) -> None:
        self.frames = 0
        # Number of frames without a result, and the reason of the first one, by topic.
        self.failures: dict[str, tuple[int, str]] = {}
        self._range: dict[str, tuple[int, int]] = {}

    def add(self, analysed: Analysed) -> None:
        """Count a frame."""
        self.frames += 1
        frame = analysed.frame
        low, high = self._range.get(frame.topic, (frame.stamp, frame.stamp))
        self._range[frame.topic] = min(low, frame.stamp), max(high, frame.stamp)
        if analysed.result is None:
            count, first = self.failures.get(frame.topic, (0, ''))
            reason = first or f'frame {analysed.number}: {shortened(analysed.error)}'
            self.failures[frame.topic] = count + 1, reason

    def close(self) -> None:
        """Do nothing, because there is no file."""

    @property
    def failed(self) -> int:
        """Return the number of frames without a result."""
        return sum(count for count, _ in self.failures.values())

    def figures(self) -> dict[str, Any]:
        """Return the counts in the types of JSON."""
        return {
            'frames': self.frames,
            'frames_without_result': self.failed,
            'duration': max((high - low for low, high in self._range.values()), default=0) / 1e9,
        }

    def notes(self) -> list[str]:
        """Return a sentence about the failures of each topic."""
        return [
            f'{count} of the images{f" of {topic}" if topic else ""} have no result; the first is '
            f'{reason}'
            for topic, (count, reason) in self.failures.items()
        ]


def process(
    task: Task,
    job: Job,
    models: Models,
    about: Mapping[str, Any],
    progress: Callable[[float], None] = lambda _: None,
) -> Outcome:
    """
    Analyse a recording, and write its results.

    :param task: the recording.
    :param job: what to do with it.
    :param models: the networks.
    :param about: facts about the call for the metadata of the tables.
    :param progress: called with the part that is done, 0 to 1, about twice a second.
    :return: the outcome; the staged folder exists only if there is no reason of a failure.
    """
    start = time.monotonic()
    outcome = Outcome(task.key, staged=task.staged)
    staged = Path(task.staged)
    try:
        recording = open_recording(Path(task.path), job)
        staged.mkdir(parents=True)
        _write(recording, task, job, models, about, progress, outcome)
    except (SourceError, BackendError) as error:
        outcome.reason = shortened(error)
    except OSError as error:
        outcome.reason = f'cannot write the results: {reason_of(error)}'
    except Exception as error:  # an error of a library must not cost the other recordings
        outcome.reason = f'{type(error).__name__}: {shortened(error)}'
    if outcome.reason:
        shutil.rmtree(staged, ignore_errors=True)
    outcome.seconds = time.monotonic() - start
    return outcome


def _write(
    recording: Recording,
    task: Task,
    job: Job,
    models: Models,
    about: Mapping[str, Any],
    progress: Callable[[float], None],
    outcome: Outcome,
) -> None:
    """Write the results of a recording."""
    staged = Path(task.staged)
    labels = models.pipeline(job.settings).labels
    counts = Counts()
    tables = Tables(staged, task.path, labels, about, job.csv)
    outputs: list[Output] = [counts, tables]
    if job.mcap:
        outputs.append(McapOutput(staged, job.settings.min_confidence, recording.topics))
    if job.video:
        outputs.append(Videos(staged, job.settings))
    timelines = Timelines(job.pictures)
    if job.report:
        outputs.append(timelines)
    told = time.monotonic()
    for analysed in analyse(recording, job.settings, models):
        for output in outputs:
            output.add(analysed)
        now = time.monotonic()
        if now - told > PROGRESS_PERIOD:
            told = now
            progress(recording.done)
    for output in outputs:
        output.close()
    if not counts.frames:
        faults = '; '.join(recording.notes)
        raise SourceError(f'the recording has no images{f": {faults}" if faults else ""}')
    if counts.failed == counts.frames:
        raise SourceError(f'no image has a result: {"; ".join(counts.notes())}')
    outcome.notes = [*recording.notes, *counts.notes()]
    outcome.figures = {
        **counts.figures(),
        'faces': tables.faces.rows,
        'changes': tables.changes.rows,
    }
    if job.report:
        from fer_ros.offline.outputs.report import FILE
        from fer_ros.offline.outputs.report import write_report

        write_report(staged / FILE, task.path, timelines.by_topic, outcome.notes, about)
