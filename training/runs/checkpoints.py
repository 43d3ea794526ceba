"""Everything that a run needs to go on exactly where it was, in one file."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from functools import cache
import json
import os
from pathlib import Path
from typing import Any

import keras
from keras import ops
import numpy as np

_ON_TORCH = keras.backend.backend() == 'torch'
_ON_JAX = keras.backend.backend() == 'jax'


class RunningAverage:
    """
    The exponential average of a model's variables over the steps (Polyak and Juditsky 1992).

    Normalisation statistics are averaged along with the weights, so that both fit each other.
    """

    def __init__(self, model: keras.Model, decay: float) -> None:
        """
        Begin with the model as it is.

        :param model: built.
        :param decay: per step, from 0 (the last weights) to below 1.
        """
        self._model = model
        self._decay = decay
        self._steps = 0
        self._values = [_copied(weight) for weight in model.weights]

    @property
    def decay(self) -> float:
        """Per step, from 0 to below 1."""
        return self._decay

    @property
    def steps(self) -> int:
        """How many steps are in the average."""
        return self._steps

    @property
    def values(self) -> list[np.ndarray]:
        """Give the average of each weight, in the order of `get_weights`."""
        return [np.array(ops.convert_to_numpy(value)) for value in self._values]

    def update(self) -> None:
        """
        Take in the model's weights after a step.

        On JAX they are the model's only once its state was synchronised, as `Callback.model` does.
        """
        self._steps += 1
        # The first steps would otherwise keep the weights of chance in the average for long.
        decay = min(self._decay, self._steps / (self._steps + 9))
        if _ON_TORCH:
            import torch

            # All at once, and where they are: a copy of each from a GPU waits for it 300 times.
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
        """Go on from an earlier average."""
        if _ON_TORCH:
            import torch

            with torch.no_grad():
                for value, new in zip(self._values, values, strict=True):
                    value.copy_(torch.from_numpy(np.array(new)))
        else:
            self._values = [np.array(value) for value in values]
        self._steps = steps


def _copied(weight: keras.Variable) -> Any:
    """Copy a weight: on PyTorch to where it is, else to NumPy; JAX takes it from there itself."""
    return weight.value.detach().clone() if _ON_TORCH else np.array(weight.numpy())


@cache
def _mover() -> Callable[[list[Any], list[Any], float], list[Any]]:
    """Give what moves JAX's arrays by a share of the way to others, all in one call."""
    import jax

    return jax.jit(moved, donate_argnums=0)


def moved(values: Sequence[Any], news: Sequence[Any], share: Any) -> list[Any]:
    """
    Move arrays a part of the way to others.

    :param values: the arrays.
    :param news: the others, of the same shapes.
    :param share: of the way, from 0 to 1.
    :return: arrays of the same shapes.
    """
    # In this way round a share of 1 gives the others exactly.
    pairs = zip(values, news, strict=True)
    return [(1 - share) * value + share * new for value, new in pairs]


def save_checkpoint(
    path: Path, model: keras.Model, average: RunningAverage, state: dict[str, Any]
) -> None:
    """
    Write a run's state; an interruption leaves the earlier file whole.

    :param path: of the `.npz` file.
    :param model: compiled and built.
    :param average: of its weights.
    :param state: what JSON can hold.
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
    Write a checkpoint; without arrays it tells of a run, and none can go on from it.

    :param path: of the `.npz` file; an interruption leaves an earlier one whole.
    :param state: what JSON can hold.
    :param arrays: of NumPy, by name.
    """
    unfinished = path.with_suffix('.unfinished')
    with open(unfinished, 'wb') as file:
        np.savez(file, state=np.array(json.dumps(state)), **(arrays or {}))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def read_state(saved: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """
    Read what a checkpoint holds beside arrays.

    :param saved: the checkpoint, opened.
    :return: what was saved as `state`.
    """
    return json.loads(str(saved['state']))


def load_checkpoint(path: Path, model: keras.Model, average: RunningAverage) -> dict[str, Any]:
    """
    Bring a model, its optimizer and its average into the state of a checkpoint.

    :param path: of the file that `save_checkpoint` wrote.
    :param model: compiled and built, of the same recipe.
    :param average: of its weights.
    :return: what was saved as `state`.
    :raises ValueError: if the checkpoint is of another network.
    """
    with np.load(path) as saved:
        state = read_state(saved)
        for kind, variables in _variables(model).items():
            names = [name for name in saved.files if name.startswith(f'{kind}/')]
            if len(names) != len(variables):
                raise ValueError(
                    f'{path} has {len(names)} variables of the {kind}, but this recipe has '
                    f'{len(variables)}; the checkpoint belongs to another recipe'
                )
            for index, variable in enumerate(variables):
                variable.assign(saved[f'{kind}/{index}'])
        count = sum(name.startswith('average/') for name in saved.files)
        average.restore([saved[f'average/{i}'] for i in range(count)], state['average_steps'])
    return state


def _variables(model: keras.Model) -> dict[str, list[keras.Variable]]:
    """List what makes the next step: weights, seeds of dropout, the optimizer; no metrics."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return {
        'model': [variable for variable in model.variables if id(variable) not in metrics],
        'optimizer': list(model.optimizer.variables),
    }
