"""
Train on several devices, of one machine or of several, by `keras.distribution` on JAX.

Each device gets its share of every batch, and the gradients are those of the whole batch, so that
a run is the same whatever it runs on.  On several machines the same command is started on each,
with Keras's own variables: `KERAS_DISTRIBUTION_JOB_ADDRESSES`, `KERAS_DISTRIBUTION_NUM_PROCESSES`
and `KERAS_DISTRIBUTION_PROCESS_ID`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os

import keras

# Set by who starts a run on several machines; its absence means one.
PROCESSES_VARIABLE = 'KERAS_DISTRIBUTION_NUM_PROCESSES'


@dataclass(frozen=True)
class Share:
    """
    What of each batch this process feeds.

    :param index: of the process, from 0 on.
    :param count: of processes.
    :param devices: of all of them together.
    """

    index: int = 0
    count: int = 1
    devices: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes what the run leaves."""
        return self.index == 0

    def rows(self, batch_size: int) -> slice:
        """
        Tell which rows of a batch this process feeds.

        :param batch_size: a multiple of `devices`.
        :return: of the batch.
        """
        size = batch_size // self.count
        return slice(self.index * size, (self.index + 1) * size)

    def check(self, batch_size: int) -> None:
        """
        Refuse a batch that cannot be shared out evenly.

        :param batch_size: of the recipe.
        :raises ValueError: if it is no multiple of the number of devices.
        """
        if batch_size % self.devices:
            raise ValueError(
                f'a batch of {batch_size} pictures cannot be divided among {self.devices} '
                f'devices; set a multiple of {self.devices}'
            )


# A run on one device.
WHOLE = Share()


def distribute() -> Share:
    """
    Let all that is built from now on train on all devices.

    :return: what this process feeds.
    :raises ValueError: if Keras does not run on JAX.
    """
    engine = keras.backend.backend()
    if engine != 'jax':
        raise ValueError(
            f'--distribute needs Keras on JAX (KERAS_BACKEND=jax), but Keras runs on {engine}'
        )
    import jax

    if int(os.environ.get(PROCESSES_VARIABLE, 1)) > 1:
        # Keras would draw a seed across machines if there were none.
        keras.utils.set_random_seed(0)
        keras.distribution.initialize()
    devices = keras.distribution.list_devices()
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
    )
    return Share(jax.process_index(), jax.process_count(), len(devices))


@contextmanager
def on_one_device() -> Iterator[None]:
    """Let what is built and run inside be on this process's first device only."""
    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)
