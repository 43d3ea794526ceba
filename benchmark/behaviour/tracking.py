"""
Measure id switches, and the effect of running the detector only in every n-th frame.

If a video has an annotation (`benchmark/behaviour/annotations/`), the tracks are compared with it.
Otherwise, they are compared with the run that detects faces in every frame.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.behaviour.track_measures import Box
from benchmark.behaviour.track_measures import match
from benchmark.behaviour.track_measures import measure
from benchmark.behaviour.track_measures import read_annotation
from benchmark.behaviour.track_measures import TrackMeasures
from benchmark.behaviour.track_page import write_page
from benchmark.rig.tables import plain_table
from benchmark.rig.watching import add_watching_arguments
from benchmark.rig.watching import CountingDetector
from benchmark.rig.watching import load_models
from benchmark.rig.watching import watch
from benchmark.rig.watching import Watched
from fer_ros.perception.boxes import overlaps
from fer_ros.perception.settings import Settings


@dataclass(frozen=True)
class Sparse:
    """
    A run with detection in every n-th frame, compared with the run with detection in every frame.

    :param every: n.
    :param searches: fraction of the frames in which the detector ran, 0 to 1.
    :param recall: fraction of the annotated boxes that were found, 0 to 1. Without an annotation,
        fraction of the faces of the full run.
    :param false: number of faces that match no annotated box, or no face of the full run.
    :param overlap: mean intersection over union with the faces of the full run.
    :param agreement: fraction of the matched faces with the same decided emotion, 0 to 1.
    :param detect_ms: mean detection time per frame in milliseconds.
    :param classify_ms: mean classification time per frame in milliseconds.
    """

    every: int
    searches: float
    recall: float
    false: int
    overlap: float
    agreement: float
    detect_ms: float
    classify_ms: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_watching_arguments(parser)
    parser.add_argument(
        '--every',
        type=int,
        nargs='*',
        default=[2, 3, 5, 10, 30],
        metavar='N',
        help='values of detect_every (default: 2 3 5 10 30)',
    )
    parser.add_argument(
        '--search-time',
        type=float,
        default=Settings().search_time,
        metavar='SECONDS',
        help='value of search_time; 0 searches the whole image in every frame '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--output',
        type=Path,
        default=Path('benchmark_output'),
        metavar='DIR',
        help='folder for the pages, one per video (default: %(default)s)',
    )


def run(arguments: argparse.Namespace) -> int:
    """
    Measure each video, print the results, and write its page.

    :raises ValueError: if a video cannot be read.
    """
    loaded, classifier = load_models(arguments)
    settings = Settings().changed({'search_time': arguments.search_time})
    print(f'detector {loaded.name}, model {classifier.card.name} on {classifier.backend.name}')
    for video in arguments.videos:
        full = watch(video, loaded, classifier, settings)
        annotation = read_annotation(video)
        measures = None
        if annotation is not None:
            measures = measure(annotation, full.times, full.faces, settings.face_timeout)
        rows = [compare(1, 1.0, full, full, annotation)]
        for every in arguments.every:
            detector = CountingDetector(loaded)
            sparse = watch(video, detector, classifier, settings.changed({'detect_every': every}))
            searches = detector.searches / max(len(sparse.times), 1)
            rows.append(compare(every, searches, full, sparse, annotation))
        lines = [*told(video, full, measures), '', *table(rows)]
        print('\n'.join(['', *lines]))
        page = write_page(arguments.output, video, full, annotation, measures, lines)
        print(f'\nwrote {page}')
    return 0


def compare(
    every: int,
    searches: float,
    full: Watched,
    sparse: Watched,
    annotation: dict[int, dict[int, Box]] | None,
) -> Sparse:
    """
    Compare a run with detection in every n-th frame with the full run.

    :param every: n.
    :param searches: fraction of the frames in which the detector ran, 0 to 1.
    :param full: the run with detection in every frame.
    :param sparse: the run with detection in every n-th frame.
    :param annotation: annotated boxes by frame and person; None if there is no annotation.
    """
    shared, agree = [], []
    wanted = found = answered = 0
    for frame, (faces, others) in enumerate(zip(full.faces, sparse.faces, strict=True)):
        pairs = match({index: face.box for index, face in enumerate(faces)}, others)
        for index, other in pairs.items():
            both = np.array([faces[index].box]), np.array([other.box])
            shared.append(float(overlaps(*both)[0, 0]))
            agree.append(faces[index].emotion == other.emotion)
        persons = pairs if annotation is None else match(annotation.get(frame, {}), others)
        found += len(persons)
        wanted += len(faces) if annotation is None else len(annotation.get(frame, {}))
        answered += len(others)
    return Sparse(
        every=every,
        searches=searches,
        recall=found / max(wanted, 1),
        false=answered - found,
        overlap=float(np.mean(shared)) if shared else 0.0,
        agreement=float(np.mean(agree)) if agree else 0.0,
        detect_ms=sparse.mean_ms('detect'),
        classify_ms=sparse.mean_ms('classify'),
    )


def told(video: Path, full: Watched, measures: TrackMeasures | None) -> list[str]:
    """Format the tracking results as lines of text."""
    spans: dict[int, list[float]] = {}
    for time, faces in zip(full.times, full.faces, strict=True):
        for face in faces:
            spans.setdefault(face.id, []).append(time)
    short = sum(times[-1] - times[0] < 0.5 for times in spans.values())
    lines = [
        f'{video.name}: {len(full.times)} frames, {sum(map(len, full.faces))} faces, '
        f'{len(spans)} ids, {short} of them for less than 0.5 s'
    ]
    if measures is None:
        return [*lines, '  the video has no annotations, so id switches are unknown']
    lines += [
        f'  {measures.boxes} annotated boxes, {measures.found} detected '
        f'({100 * measures.recall:.1f} %), {measures.false} false positives',
        f'  id switches {len(measures.switches)}, new ids after a loss longer than face_timeout '
        f'{len(measures.returns)}, fragmentations {measures.fragmentations}',
        f'  ids on no person {measures.false_ids}, IDF1 {measures.idf1:.3f}',
    ]
    for name, changes in (('switch', measures.switches), ('return', measures.returns)):
        lines += [
            f'  {name} in frame {one.frame}: person {one.person} had id {one.before} and now has '
            f'id {one.after} (not detected for {one.unseen:.2f} s)'
            for one in changes
        ]
    return lines


def table(rows: list[Sparse]) -> list[str]:
    """Format the runs as a table."""
    head = ['detect_every', 'searched', 'recall', 'false', 'overlap', 'same emotion', 'detect']
    cells = [
        [
            f'{row.every}',
            f'{100 * row.searches:.1f} %',
            f'{100 * row.recall:.1f} %',
            f'{row.false}',
            f'{row.overlap:.2f}',
            f'{100 * row.agreement:.1f} %',
            f'{row.detect_ms:.1f} ms',
            f'{row.classify_ms:.1f} ms',
        ]
        for row in rows
    ]
    return [f'  {line}' for line in plain_table([*head, 'classify'], cells)]
