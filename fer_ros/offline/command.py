"""
The executable `analyse`: recordings in, tables, messages and a page out.

`ros2 run fer_ros analyse INPUT...`, or without ROS `python -m fer_ros analyse INPUT...`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
import json
from pathlib import Path
import signal
import sys
from typing import NoReturn

from fer_ros.offline.folder import FolderError
from fer_ros.offline.folder import OutputFolder
from fer_ros.offline.inputs import find_recordings
from fer_ros.offline.inputs import InputError
from fer_ros.offline.job import DEFAULT_OUTPUT
from fer_ros.offline.job import installed_version
from fer_ros.offline.job import Job
from fer_ros.offline.manifest import Manifest
from fer_ros.offline.manifest import ManifestError
from fer_ros.offline.progress import counted
from fer_ros.offline.recordings import KINDS
from fer_ros.offline.settings import read_settings
from fer_ros.perception.parameter_files import ParameterFileError
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import SettingError

# Exit status of a call that was interrupted, as of a shell.
INTERRUPTED = 130

# The engines.
PROCESSES, RAY = 'processes', 'ray'

REFUSALS = (InputError, FolderError, ManifestError, ParameterFileError, SettingError)


def main(args: Sequence[str] | None = None) -> int:
    """
    Analyse recordings.

    :param args: command-line arguments; None for those of the process.
    :return: 0 if all recordings are done, 1 if one failed or the call was refused.
    """
    chosen = _parser().parse_args(args)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(chosen)
    except ImportError as error:
        packages = "'ray[data]'" if error.name == 'ray' else 'rosbags mcap pyarrow jinja2'
        print(
            f'analyse: {shortened(error)}; install what is missing: pip install {packages}',
            file=sys.stderr,
        )
    except REFUSALS as error:
        print(f'analyse: {error}', file=sys.stderr)
    except OSError as error:
        reason = shortened(error.strerror or error)
        print(
            f'analyse: cannot write into {quoted(chosen.output)}: {reason}; the results of the '
            'recordings that are done are complete: free some space and run the command again',
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print(
            'analyse: interrupted; the same command continues with the remaining recordings',
            file=sys.stderr,
        )
        return INTERRUPTED
    return 1


def _interrupt(*_: object) -> NoReturn:
    """End the call as Ctrl-C does."""
    raise KeyboardInterrupt


def _run(chosen: argparse.Namespace) -> int:
    """Run a call with valid arguments."""
    # These need the libraries for recordings, which are optional.
    from fer_ros.offline.calls import as_json
    from fer_ros.offline.calls import run_call
    from fer_ros.offline.calls import share_of
    from fer_ros.offline.engines.pool import Pool
    from fer_ros.offline.engines.pool import PoolError

    settings, warnings = read_settings(chosen.params)
    for warning in [] if chosen.quiet else warnings:
        print(f'analyse: {warning}', file=sys.stderr)
    job = Job(
        settings=settings,
        topics=tuple(chosen.topic),
        depth=chosen.depth,
        calibration=chosen.camera_info,
        sequence=chosen.sequence,
        csv=chosen.csv,
        mcap=not chosen.no_mcap,
        report=not chosen.no_report,
        video=chosen.video,
        pictures=chosen.pictures,
    )
    paths = share_of(find_recordings(chosen.inputs), chosen.shard)
    folder = OutputFolder(Path(chosen.output), chosen.shard)
    size = min(chosen.jobs, max(1, len(paths)))
    if chosen.engine == RAY:
        from fer_ros.offline.engines.ray_data import RayEngine

        engine: Pool | RayEngine = RayEngine(job, size)
    else:
        engine = Pool(job, size)
    try:
        job = replace(job, model=engine.start())
        identity = job.identity()
        manifest = Manifest(folder.manifest, identity, job.fingerprint())
        manifest.load(chosen.force)
        about = {'fer_ros': installed_version(), **identity}
        summary = run_call(paths, job, engine, folder, manifest, about, chosen.quiet)
        # A call without a recording to analyse has a manifest, too.
        manifest.write()
    except PoolError as error:
        raise SettingError(str(error)) from error
    finally:
        engine.stop()
        folder.close()
    if chosen.json:
        print(json.dumps(as_json(summary)))
    elif not chosen.quiet:
        skipped = f', {summary.skipped} done before' if summary.skipped else ''
        failed = f', {len(summary.failed)} failed' if summary.failed else ''
        print(
            f'analyse: {counted(summary.done, "recording")} analysed{skipped}{failed}; '
            f'the results are in {quoted(chosen.output)}'
        )
    return 1 if summary.failed else 0


def _parser() -> argparse.ArgumentParser:
    """Declare the options."""
    parser = argparse.ArgumentParser(
        prog='analyse',
        description='Analyse recordings with the pipeline of the emotion node.',
        epilog='A second call continues where the first one stopped, and repeats failed and '
        'changed recordings.',
    )
    add = parser.add_argument
    add('inputs', nargs='+', metavar='INPUT', help=f'{KINDS}; a folder of these; or @LIST')
    add('-o', '--output', default=DEFAULT_OUTPUT, help='output folder (default: %(default)s)')
    add('--params', type=Path, metavar='FILE', help="the node's parameter file")
    add(
        '--topic',
        action='append',
        default=[],
        help='topic of images in bags; repeat it for several (default: all cameras)',
    )
    add('--depth', default='', metavar='TOPIC', help='topic of registered depth images')
    add('--camera-info', default='', metavar='TOPIC', help='topic of the calibration')
    add('--sequence', action='store_true', help='treat the pictures of a folder as one scene')
    add('--csv', action='store_true', help='also write the tables as CSV')
    add('--no-mcap', action='store_true', help='write no messages')
    add('--no-report', action='store_true', help='write no page')
    add('--video', action='store_true', help='also write the annotated video; `draw` applies')
    add('--pictures', action='store_true', help='show a picture of each person on the page')
    add('--jobs', type=_positive, default=1, metavar='N', help='number of processes (default: 1)')
    add(
        '--engine',
        choices=(PROCESSES, RAY),
        default=PROCESSES,
        help='where the processes run: this machine, or a Ray cluster (needs ray[data])',
    )
    add('--shard', type=_shard, metavar='K/N', help='analyse only the K-th of N parts')
    add('--force', action='store_true', help='replace results that other settings produced')
    add('--quiet', action='store_true', help='print errors only')
    add('--json', action='store_true', help='print a summary as JSON')
    return parser


def _positive(text: str) -> int:
    """Convert an argument to a positive number."""
    if not text.isdecimal() or not 1 <= int(text) <= 4096:
        raise argparse.ArgumentTypeError(f'{quoted(text)} is not a number from 1 to 4096')
    return int(text)


def _shard(text: str) -> tuple[int, int]:
    """Convert an argument such as 2/8 to the number of a part and the number of parts."""
    number, _, count = text.partition('/')
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(
            f'{quoted(text)} is not of the form K/N with K from 1 to N, such as 2/8'
        )
    return int(number), int(count)


if __name__ == '__main__':
    sys.exit(main())
