"""Several processes, which may be killed at any time."""

import os
import random
import signal

import pandas as pd
import pytest

from bags import messages_of
from bags import views
from bags import write_mcap
from fer_ros.offline.engines.pool import Pool
from fer_ros.offline.engines.pool import PoolError
from fer_ros.offline.job import Job
from fer_ros.perception.settings import Settings
from fer_ros.sources.astronaut import load_astronaut

JOB = Job(settings=Settings(model='fer2013_tiny'), mcap=False)


@pytest.fixture
def bags(tmp_path):
    photo = load_astronaut()
    return [
        write_mcap(
            tmp_path / f'bag{number}.mcap',
            messages_of(views(photo, 12, number)),
        )
        for number in range(6)
    ]


class Murderous:
    """A pool whose processes are killed at random, at most once for each recording."""

    def __init__(self, pool, kills):
        self._pool, self._kills = pool, kills
        self._random = random.Random(0)
        self.killed = set()
        self.progress = pool.progress

    def run(self, tasks, about, patience=None):
        for outcome in self._pool.run(tasks, about, 0.01):
            victims = [
                one
                for one in self._pool._workers
                if one.task is not None and one.task.key not in self.killed
            ]
            if victims and len(self.killed) < self._kills:
                victim = self._random.choice(victims)
                self.killed.add(victim.task.key)
                os.kill(victim.process.pid, signal.SIGKILL)
            yield outcome


def table_of(folder):
    table = pd.read_parquet(folder / 'faces.parquet')
    return table.sort_values(['input', 'frame', 'id']).reset_index(drop=True)


@pytest.fixture
def pool():
    made = Pool(JOB, 2)
    yield made
    made.stop()


def test_killed_processes_cost_an_attempt_and_no_row(pool, call, bags, tmp_path):
    assert pool.start()['name'] == 'fer2013_tiny'
    undisturbed = call(*bags, engine=pool, out='undisturbed', mcap=False)
    # The processes are still there, with their networks.
    assert len(pool.pids) == 2
    murderous = Murderous(pool, 3)

    summary = call(*bags, engine=murderous, out='disturbed', mcap=False)

    assert len(murderous.killed) == 3
    assert (summary.done, summary.failed) == (6, {})
    assert undisturbed.done == 6
    one, other = (table_of(tmp_path / name) for name in ('undisturbed', 'disturbed'))
    assert len(one) >= 60
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_recording_that_kills_two_processes_fails_and_the_others_are_done(pool, call, bags):
    deadly = str(bags[2])

    class Deadly:
        progress = pool.progress

        def run(self, tasks, about, patience=None):
            for outcome in pool.run(tasks, about, 0.01):
                for one in pool._workers:
                    if one.task is not None and one.task.path == deadly:
                        os.kill(one.process.pid, signal.SIGKILL)
                yield outcome

    summary = call(*bags[:4], engine=Deadly(), mcap=False)

    assert summary.done == 3
    (reason,) = summary.failed.values()
    assert reason == 'the process that analysed it ended twice (by the signal SIGKILL)'


def test_a_model_that_does_not_exist_is_refused_in_a_sentence():
    pool = Pool(Job(settings=Settings(model='gone')), 1)
    try:
        with pytest.raises(PoolError, match="'gone'"):
            pool.start()
    finally:
        pool.stop()


def test_processes_end_with_the_pool(pool):
    pool.start()
    (pid,) = pool.pids

    pool.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert pool.pids == []
