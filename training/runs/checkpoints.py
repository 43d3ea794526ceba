"""Save and load a checkpoint: the complete state of a run, in one file."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from functools import cache
import json
import os
from pathlib import Path
from typing import Any
import zipfile
import zlib

import keras
from keras import ops
import numpy as np

from fer_ros.perception.quoting import shortened
from training.data.datasets import DataError
from training.data.reading.impostors import check_start
from training.data.reading.impostors import START_BYTES

_ON_TORCH = keras.backend.backend() == 'torch'
_ON_JAX = keras.backend.backend() == 'jax'


class RunningAverage:
    """
    Exponential average of the variables of a model over the steps (Polyak and Juditsky 1992).

    The average includes the statistics of batch normalisation, so that they match the averaged
    weights.
    """

    def __init__(self, model: keras.Model, decay: float) -> None:
        """
        Initialise the average with the current weights.

        :param model: built model.
        :param decay: decay per step, from 0 (the average equals the last weights) to below 1.
        """
        self._model = model
        self._decay = decay
        self._steps = 0
        self._values = [_copied(weight) for weight in model.weights]

    @property
    def decay(self) -> float:
        """Return the decay per step, from 0 to below 1."""
        return self._decay

    @property
    def steps(self) -> int:
        """Return the number of steps in the average."""
        return self._steps

    @property
    def values(self) -> list[np.ndarray]:
        """Return the average of each weight, in the order of `get_weights`."""
        return [np.array(ops.convert_to_numpy(value)) for value in self._values]

    def update(self) -> None:
        """
        Update the average with the weights of the model after a step.

        On JAX, synchronise the state of the model first, for example with `Callback.model`.
        """
        self._steps += 1
        # With the full decay, the random initial weights would dominate the average for many
        # steps.
        decay = min(self._decay, self._steps / (self._steps + 9))
        if _ON_TORCH:
            import torch

            # One call updates all weights on the device; copying 300 weights from a GPU would wait
            # for each copy.
            with torch.no_grad():
                news = [weight.value.detach() for weight in self._model.weights]
                torch._foreach_lerp_(self._values, news, 1 - decay)
            return
        if _ON_JAX:
            news = [weight.value for weight in self._model.weights]
            self._values = _mover()(self._values, news, 1 - decay)
            return
        for value, new in zip(self._values, self._model.get_weights(), strict=True):
            value *= decay
            value += (1 - decay) * new

    def restore(self, values: Sequence[np.ndarray], steps: int) -> None:
        """Restore the average of a checkpoint."""
        if _ON_TORCH:
            import torch

            with torch.no_grad():
                for value, new in zip(self._values, values, strict=True):
                    value.copy_(torch.from_numpy(np.array(new)))
        else:
            self._values = [np.array(value) for value in values]
        self._steps = steps


def _copied(weight: keras.Variable) -> Any:
    """Copy a weight: on PyTorch on its device, otherwise to a NumPy array, as JAX accepts it."""
    return weight.value.detach().clone() if _ON_TORCH else np.array(weight.numpy())


@cache
def _mover() -> Callable[[list[Any], list[Any], float], list[Any]]:
    """Return `moved`, compiled by JAX into one call that reuses the memory of the arrays."""
    import jax

    return jax.jit(moved, donate_argnums=0)


def moved(values: Sequence[Any], news: Sequence[Any], share: Any) -> list[Any]:
    """
    Interpolate linearly between arrays.

    :param values: arrays at a share of 0.
    :param news: arrays of the same shapes at a share of 1.
    :param share: share of `news` in the result, from 0 to 1.
    :return: arrays of the same shapes.
    """
    # In this form, a share of 1 returns `news` exactly.
    pairs = zip(values, news, strict=True)
    return [(1 - share) * value + share * new for value, new in pairs]


def save_checkpoint(
    path: Path, model: keras.Model, average: RunningAverage, state: dict[str, Any]
) -> None:
    """
    Write a checkpoint; an interruption leaves the earlier file complete.

    :param path: path of the `.npz` file.
    :param model: compiled and built model.
    :param average: average of its weights.
    :param state: values that JSON can store.
    """
    arrays = {
        f'{kind}/{index}': ops.convert_to_numpy(variable)
        for kind, variables in _variables(model).items()
        for index, variable in enumerate(variables)
    }
    arrays |= {f'average/{i}': value for i, value in enumerate(average.values)}
    write_state(path, {**state, 'average_steps': average.steps}, arrays)


def write_state(
    path: Path, state: dict[str, Any], arrays: Mapping[str, Any] | None = None
) -> None:
    """
    Write a checkpoint; a checkpoint without arrays describes a run that cannot be resumed.

    :param path: path of the `.npz` file; an interruption leaves the earlier file complete.
    :param state: values that JSON can store.
    :param arrays: NumPy arrays, keyed by name.
    """
    unfinished = path.with_suffix('.unfinished')
    with open(unfinished, 'wb') as file:
        np.savez(file, state=np.array(json.dumps(state)), **(arrays or {}))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


class CheckpointError(ValueError):
    """A checkpoint does not belong to the network."""


@contextmanager
def opened_checkpoint(path: Path) -> Iterator[Any]:
    """
    Open a checkpoint.

    :param path: path of the `.npz` file.
    :return: context manager of the opened file.
    :raises ValueError: if the file is damaged, also if that is found inside the `with` statement.
    """
    try:
        with open(path, 'rb') as file:
            check_start(file.read(START_BYTES), str(path))
        with np.load(path) as saved:
            yield saved
    except (CheckpointError, DataError):
        raise
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f'{path} is damaged or incomplete ({shortened(error)}); copy the run again, or '
            'train it again in another --output'
        ) from error


def read_state(saved: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """
    Read the state in a checkpoint.

    :param saved: the opened checkpoint.
    :return: the dict that was saved as `state`.
    """
    return json.loads(str(saved['state']))


def load_checkpoint(path: Path, model: keras.Model, average: RunningAverage) -> dict[str, Any]:
    """
    Restore a model, its optimizer and its average from a checkpoint.

    :param path: path of the file that `save_checkpoint` wrote.
    :param model: compiled and built model of the same recipe.
    :param average: average of its weights.
    :return: the dict that was saved as `state`.
    :raises ValueError: if the checkpoint is of another network.
    """
    with opened_checkpoint(path) as saved:
        state = read_state(saved)
        for kind, variables in _variables(model).items():
            names = [name for name in saved.files if name.startswith(f'{kind}/')]
            if len(names) != len(variables):
                raise CheckpointError(
                    f'{path} has {len(names)} variables of the {kind}, but this recipe has '
                    f'{len(variables)}; the checkpoint belongs to another recipe'
                )
            for index, variable in enumerate(variables):
                variable.assign(saved[f'{kind}/{index}'])
        count = sum(name.startswith('average/') for name in saved.files)
        average.restore([saved[f'average/{i}'] for i in range(count)], state['average_steps'])
    return state


def _variables(model: keras.Model) -> dict[str, list[keras.Variable]]:
    """List the variables of a checkpoint: weights, dropout seeds and optimizer, but no metrics."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return {
        'model': [variable for variable in model.variables if id(variable) not in metrics],
        'optimizer': list(model.optimizer.variables),
    }
