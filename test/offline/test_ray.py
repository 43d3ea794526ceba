"""A Ray cluster gives the rows of the processes, also if actors are killed."""

import os
from pathlib import Path
import signal

import pandas as pd
import psutil
import pytest

from bags import messages_of
from bags import views
from bags import write_mcap
from fer_ros.offline.job import Job
from fer_ros.offline.models import load_models
from fer_ros.perception.settings import Settings
from fer_ros.sources.astronaut import load_astronaut

pytest.importorskip('ray')

JOB = Job(settings=Settings(model='fer2013_tiny'), mcap=False)
ROOT = Path(__file__).resolve().parents[2]


def table_of(folder):
    table = pd.read_parquet(folder / 'faces.parquet')
    return table.sort_values(['input', 'frame', 'id']).reset_index(drop=True)


def test_ray_gives_the_rows_of_one_process_also_if_an_actor_is_killed(call, tmp_path, monkeypatch):
    from fer_ros.offline.engines.ray_data import RayEngine

    # The actors import the package and the tests' stand-ins.
    monkeypatch.setenv('PYTHONPATH', f'{ROOT}{os.pathsep}{os.environ.get("PYTHONPATH", "")}')
    photo = load_astronaut()
    bags = [
        write_mcap(tmp_path / f'bag{number}.mcap', messages_of(views(photo, 12, number)))
        for number in range(4)
    ]
    engine = RayEngine(JOB, 2)
    killed = []

    class Murderous:
        progress = engine.progress

        def run(self, tasks, about, patience=None):
            for outcome in engine.run(tasks, about):
                if not killed:
                    actors = [
                        one
                        for one in psutil.Process().children(recursive=True)
                        if 'MapWorker' in ' '.join(one.cmdline())
                    ]
                    killed.append(actors[0].pid)
                    os.kill(actors[0].pid, signal.SIGKILL)
                yield outcome

    try:
        assert engine.start()['name'] == 'fer2013_tiny'
        summary = call(*bags, engine=Murderous(), out='ray', mcap=False)
    finally:
        engine.stop()

    assert killed
    assert (summary.done, summary.failed) == (4, {})
    call(*bags, models_of_call=load_models(JOB.settings), out='one', mcap=False)
    one, other = (table_of(tmp_path / name) for name in ('one', 'ray'))
    assert one['input'].nunique() == 4
    pd.testing.assert_frame_equal(one, other, check_exact=True)
