"""The search spaces of `python -m training tune`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from training.data.selection import Selection
from training.networks.families import ACTIVATIONS
from training.networks.families import BlockNetwork
from training.networks.families import PairNetwork
from training.recipes.notebook import notebook
from training.recipes.notebook import USUAL
from training.recipes.recipe import Recipe

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Space:
    """
    A search space.

    :param name: name of the space.
    :param purpose: description in a few words.
    :param trials: number of trials in its source.
    :param sampler: sampler of its source: 'random' or 'tpe'.
    :param suggest: function that creates the recipe of a trial.
    """

    name: str
    purpose: str
    trials: int
    sampler: str
    suggest: Callable[[optuna.trial.BaseTrial], Recipe]


def _blocks(trial: optuna.trial.BaseTrial, count: int) -> Recipe:
    """Create a recipe with a network of `count` blocks and a learning rate."""

    def widths(name: str, number: int) -> tuple[int, ...]:
        return tuple(trial.suggest_int(f'{name}_{i}', 32, 512, step=32) for i in range(number))

    network = BlockNetwork(
        channels=widths('channels', count),
        kernels=tuple(trial.suggest_categorical(f'kernel_{i}', (2, 3, 4)) for i in range(count)),
        units=widths('units', trial.suggest_int('dense_layers', 2, 3)),
        activation=trial.suggest_categorical('activation', ACTIVATIONS),
        dropout=trial.suggest_float('dropout', 0.0, 0.5),
    )
    return notebook(
        f'fed_{count}_blocks',
        build=network,
        batch_size=64,
        augmentation=USUAL,
        selection=Selection(classes=('happy', 'sad', 'surprise', 'neutral')),
        epochs=20,
        learning_rate=trial.suggest_float('learning_rate', 1e-4, 1e-2, log=True),
    )


def _pairs(trial: optuna.trial.BaseTrial) -> Recipe:
    """Create a recipe with a network of two pairs, an optimizer and a learning rate."""
    network = PairNetwork(
        kernel=trial.suggest_categorical('kernel', (1, 3, 5)),
        dropout=trial.suggest_float('dropout', 0.0, 0.5),
        activation=trial.suggest_categorical('activation', ACTIVATIONS),
    )
    return notebook(
        'csce633_pairs',
        build=network,
        batch_size=64,
        augmentation=USUAL,
        epochs=10,
        optimizer=trial.suggest_categorical('optimizer', ('adam', 'rmsprop', 'sgd')),
        learning_rate=trial.suggest_float('learning_rate', 1e-4, 1e-2, log=True),
    )


SPACES = {
    space.name: space
    for space in (
        *[
            Space(
                f'fed_{count}_blocks',
                f'{count} blocks of one convolution each, four emotions',
                20,
                'random',
                partial(_blocks, count=count),
            )
            for count in (4, 5, 6)
        ],
        Space('csce633_pairs', 'two pairs of convolutions, seven emotions', 15, 'tpe', _pairs),
    )
}


def find_space(name: str) -> Space:
    """
    Find a search space by its name.

    :param name: name of the space.
    :return: the space.
    :raises ValueError: if no space has this name; the message lists all names.
    """
    if name not in SPACES:
        raise ValueError(f'there is no search space {name}; choose one of: {", ".join(SPACES)}')
    return SPACES[name]
