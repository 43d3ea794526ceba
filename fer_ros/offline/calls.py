"""A call: its recordings go to an engine, and their results to the output folder."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
import shutil
from typing import Any
from typing import Protocol

from fer_ros.offline.folder import key_of
from fer_ros.offline.folder import OutputFolder
from fer_ros.offline.folder import size_of
from fer_ros.offline.folder import state_of
from fer_ros.offline.job import Job
from fer_ros.offline.manifest import DONE
from fer_ros.offline.manifest import FAILED
from fer_ros.offline.manifest import Manifest
from fer_ros.offline.manifest import write_atomically
from fer_ros.offline.progress import counted
from fer_ros.offline.progress import Progress
from fer_ros.offline.progress import span
from fer_ros.offline.work import Outcome
from fer_ros.offline.work import Task
from fer_ros.perception.quoting import quoted
from fer_ros.sources.bags.bag import reason_of

# Time between two updates of the progress [s].
PATIENCE = 0.5


class Engine(Protocol):
    """Analyses recordings in other processes."""

    # The part of each current recording that is done, by its key.
    progress: dict[str, float]

    def run(
        self, tasks: Sequence[Task], about: Mapping[str, Any], patience: float | None = None
    ) -> Iterator[Outcome | None]:
        """Analyse recordings; see `Pool.run`."""


@dataclass
class Summary:
    """
    What a call did.

    :param done: number of recordings that were analysed.
    :param skipped: number of recordings that were done before.
    :param failed: the reason of each failed recording, by its path.
    :param figures: sums of the figures of the analysed recordings.
    """

    done: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    def count(self, outcome: Outcome) -> None:
        """Add the figures of a recording that was analysed."""
        self.done += 1
        for name, value in outcome.figures.items():
            if isinstance(value, (int, float)):
                self.figures[name] = self.figures.get(name, 0) + value


def share_of(paths: Sequence[Path], shard: tuple[int, int] | None) -> list[Path]:
    """
    Return one part of the recordings.

    Machines that are given the same recordings have the same parts, without any communication.

    :param paths: all recordings.
    :param shard: number of the part, from 1, and number of parts; None for all.
    """
    if shard is None:
        return list(paths)
    number, count = shard
    ordered = sorted(paths, key=key_of)
    return [path for index, path in enumerate(ordered) if index % count == number - 1]


def run_call(
    paths: Sequence[Path],
    job: Job,
    engine: Engine,
    folder: OutputFolder,
    manifest: Manifest,
    about: Mapping[str, Any],
    quiet: bool = False,
) -> Summary:
    """
    Analyse the recordings that are not done yet.

    :param paths: the recordings.
    :param job: what to do with each.
    :param engine: what analyses them.
    :param folder: where the results go.
    :param manifest: entries of the folder, already loaded.
    :param about: facts about the call for the metadata of the tables.
    :param quiet: whether to print no progress.
    :return: what was done.
    :raises OSError: if the manifest cannot be written; earlier results stay whole.
    """
    summary = Summary()
    for key in manifest.outdated:
        folder.discard(key)
    tasks, states = [], {}
    by_key = {key_of(path): path for path in paths}
    for key, path in by_key.items():
        state = state_of(path)
        if is_done(manifest.entries.get(key), state, job):
            summary.skipped += 1
            continue
        states[key] = state
        tasks.append(Task(key, str(path), str(folder.staging / key)))
    progress = Progress({task.key: size_of(by_key[task.key]) for task in tasks}, quiet)
    for outcome in engine.run(tasks, about, PATIENCE) if tasks else ():
        if outcome is not None:
            path = by_key[outcome.key]
            if not outcome.reason:
                outcome.reason = _commit(folder, outcome)
            if outcome.reason:
                folder.discard(outcome.key)
                summary.failed[str(path)] = outcome.reason
            else:
                summary.count(outcome)
            manifest.put(outcome.key, _entry(path, states[outcome.key], job, outcome))
            progress.finish(outcome.key, _line(path, outcome), bool(outcome.reason))
        progress.update(engine.progress)
    progress.end()
    if job.report:
        _write_overview(folder, manifest, about)
    return summary


def _write_overview(folder: OutputFolder, manifest: Manifest, about: Mapping[str, Any]) -> None:
    """Write the page of all recordings; if there is only one, it is the page of that one."""
    from fer_ros.offline.outputs.report import FILE
    from fer_ros.offline.outputs.report import overview

    page = [folder.files_of(key) / FILE for key in manifest.entries]
    if len(page) == 1 and page[0].is_file():
        write_atomically(folder.path / FILE, page[0].read_text(encoding='utf-8'))
    else:
        write_atomically(folder.path / FILE, overview(manifest.entries, about))


def is_done(entry: Mapping[str, Any] | None, state: str, job: Job) -> bool:
    """
    Check whether a recording needs no analysis.

    :param entry: its entry in the manifest; None for none.
    :param state: state of its files; see `state_of`.
    :param job: what to do with it.
    """
    return (
        entry is not None
        and entry.get('status') == DONE
        and entry.get('state') == state
        and set(job.outputs) <= set(entry.get('outputs', ()))
    )


def _commit(folder: OutputFolder, outcome: Outcome) -> str:
    """Move the results of a recording to their places; return why this failed, or ''."""
    staged = Path(outcome.staged)
    try:
        folder.commit(outcome.key, staged)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        return f'cannot write the results: {reason_of(error)}'
    return ''


def _entry(path: Path, state: str, job: Job, outcome: Outcome) -> dict[str, Any]:
    """Return the entry of a recording in the manifest."""
    entry: dict[str, Any] = {
        'input': str(path),
        'status': FAILED if outcome.reason else DONE,
        'state': state,
        'seconds': round(outcome.seconds, 3),
    }
    if outcome.reason:
        return {**entry, 'reason': outcome.reason}
    return {**entry, 'outputs': list(job.outputs), 'notes': outcome.notes, **outcome.figures}


def _line(path: Path, outcome: Outcome) -> str:
    """Describe the outcome of a recording in lines for a terminal."""
    named = quoted(str(path))
    if outcome.reason:
        return f'analyse: {named} failed: {outcome.reason}'
    figures = outcome.figures
    lines = [
        f'analyse: {named}: {counted(figures["frames"], "frame")}, '
        f'{counted(figures["faces"], "face")}, {counted(figures["changes"], "change")} '
        f'in {span(outcome.seconds)}'
    ]
    return '\n'.join(lines + [f'analyse:   note: {note}' for note in outcome.notes])


def as_json(summary: Summary) -> dict[str, Any]:
    """Return the summary in the types of JSON."""
    return asdict(summary)
