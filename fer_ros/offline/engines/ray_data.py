"""Analyse recordings on a Ray cluster, by Ray Data."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import replace
import json
import logging
import os
from typing import Any
import uuid

import ray
import ray.data

from fer_ros.offline.engines.pool import ATTEMPTS
from fer_ros.offline.engines.pool import PoolError
from fer_ros.offline.engines.pool import REFUSALS
from fer_ros.offline.job import Job
from fer_ros.offline.models import load_models
from fer_ros.offline.work import Outcome
from fer_ros.offline.work import process
from fer_ros.offline.work import Task
from fer_ros.perception.quoting import shortened


class Analyst:
    """
    An actor, which holds the networks and analyses one recording at a time.

    :param job: what to do with each recording.
    :param about: facts about the call for the metadata of the tables.
    """

    def __init__(self, job: Job, about: Mapping[str, Any]) -> None:
        self._job, self._about = job, about
        self._models = load_models(job.settings)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Analyse a recording."""
        task = Task(row['key'], row['path'], row['staged'])
        # A second attempt must not meet the files of the first.
        task = replace(task, staged=f'{task.staged}-{uuid.uuid4().hex[:8]}')
        outcome = process(task, self._job, self._models, self._about)
        return {'outcome': json.dumps(asdict(outcome))}


class RayEngine:
    """
    A Ray cluster, or processes of this machine if there is no cluster.

    The output folder must be at the same path on all machines.

    :param job: what to do with each recording.
    :param size: number of actors.
    """

    def __init__(self, job: Job, size: int) -> None:
        self._job, self._size = job, size
        # Ray Data does not report the progress within a recording.
        self.progress: dict[str, float] = {}

    def start(self) -> dict[str, str]:
        """
        Connect to the cluster that RAY_ADDRESS or this machine names, or start one.

        :return: identity of the networks; see `Models.identity`.
        :raises PoolError: if the cluster cannot load them; the message gives the reason.
        """
        options: dict[str, Any] = {'log_to_driver': False, 'logging_level': logging.ERROR}
        try:
            ray.init(address=os.environ.get('RAY_ADDRESS') or 'auto', **options)
        except ConnectionError as error:
            if os.environ.get('RAY_ADDRESS'):
                raise PoolError(f'cannot connect to Ray: {shortened(error)}') from error
            ray.init(num_cpus=self._size, include_dashboard=False, **options)
        load = ray.remote(num_cpus=1, max_retries=1)(_identity)
        try:
            kind, value = ray.get(load.remote(self._job))
        except ray.exceptions.RayError as error:
            raise PoolError(f'Ray cannot load the models: {shortened(error)}') from error
        if kind != 'ready':
            raise PoolError(value)
        return dict(value)

    def run(
        self, tasks: Sequence[Task], about: Mapping[str, Any], patience: float | None = None
    ) -> Iterator[Outcome | None]:
        """
        Analyse recordings; see `Pool.run`.

        If an actor dies, its recording is tried once more.
        """
        context = ray.data.DataContext.get_current()
        # A recording that fails twice must not end the others.
        context.max_errored_blocks = -1
        context.enable_progress_bars = False
        context.execution_options.verbose_progress = False
        logging.getLogger('ray.data').setLevel(logging.CRITICAL)
        rows = [asdict(task) for task in tasks]
        found = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            Analyst,  # type: ignore[arg-type,unused-ignore]
            fn_constructor_args=(self._job, dict(about)),
            # An actor that dies costs only the recording that it analyses.
            compute=ray.data.ActorPoolStrategy(
                size=min(self._size, len(tasks)), max_tasks_in_flight_per_actor=1
            ),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=ATTEMPTS - 1,
        )
        missing = {task.key for task in tasks}
        for row in found.iter_rows():
            outcome = Outcome(**json.loads(row['outcome']))
            missing.discard(outcome.key)
            yield outcome
        for key in sorted(missing):
            yield Outcome(key, 'the process that analysed it ended twice')

    def stop(self) -> None:
        """Disconnect, and end a cluster that was started here."""
        ray.shutdown()


def _identity(job: Job) -> tuple[str, Any]:
    """Load the networks on the cluster, and return their identity or the reason of a refusal."""
    try:
        return 'ready', load_models(job.settings).identity
    except REFUSALS as error:
        return 'refused', shortened(error)
