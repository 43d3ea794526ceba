"""
Train on several devices of one or several machines with `keras.distribution` on JAX.

Each device processes its part of every batch.  The gradients are those of the whole batch, so the
number of devices does not change the result.  To use several machines, start the same command
on each with the variables of Keras: `KERAS_DISTRIBUTION_JOB_ADDRESSES`,
`KERAS_DISTRIBUTION_NUM_PROCESSES` and `KERAS_DISTRIBUTION_PROCESS_ID`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os

import keras

# The user sets this variable for a run on several machines; without it, there is one process.
PROCESSES_VARIABLE = 'KERAS_DISTRIBUTION_NUM_PROCESSES'


@dataclass(frozen=True)
class Share:
    """
    The part of each batch that this process feeds to the network.

    :param index: index of the process, from 0.
    :param count: number of processes.
    :param devices: number of devices of all processes together.
    """

    index: int = 0
    count: int = 1
    devices: int = 1

    @property
    def is_first(self) -> bool:
        """Return whether this process writes the files of the run."""
        return self.index == 0

    def rows(self, batch_size: int) -> slice:
        """
        Return the rows of a batch that this process feeds.

        :param batch_size: pictures in a batch, a multiple of `devices`.
        :return: slice of the batch.
        """
        size = batch_size // self.count
        return slice(self.index * size, (self.index + 1) * size)

    def check(self, batch_size: int, keep_last: bool = False) -> None:
        """
        Check that the devices can share a batch evenly.

        :param batch_size: batch size of the recipe.
        :param keep_last: whether the recipe keeps the incomplete last batch.
        :raises ValueError: if a batch cannot be divided among the devices.
        """
        if keep_last and self.devices > 1:
            raise ValueError(
                f'an incomplete last batch cannot be divided among {self.devices} devices; set '
                'keep_last to False, or omit --distribute'
            )
        if batch_size % self.devices:
            raise ValueError(
                f'a batch of {batch_size} pictures cannot be divided among {self.devices} '
                f'devices; set a multiple of {self.devices}'
            )


# The whole batch, for a run on one device.
WHOLE = Share()


def distribute() -> Share:
    """
    Distribute all networks that are built after this call over all devices.

    :return: the part of each batch that this process feeds.
    :raises ValueError: if Keras does not run on JAX.
    """
    engine = keras.backend.backend()
    if engine != 'jax':
        raise ValueError(
            f'--distribute needs Keras on JAX (KERAS_BACKEND=jax), but Keras runs on {engine}'
        )
    import jax

    if int(os.environ.get(PROCESSES_VARIABLE, 1)) > 1:
        # Without a seed, Keras would exchange one between the machines.
        keras.utils.set_random_seed(0)
        keras.distribution.initialize()
    devices = keras.distribution.list_devices()
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
    )
    return Share(jax.process_index(), jax.process_count(), len(devices))


@contextmanager
def on_one_device() -> Iterator[None]:
    """Build and run networks inside this context on the first device of this process only."""
    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)
