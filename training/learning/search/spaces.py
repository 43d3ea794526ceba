"""The search spaces of `python -m training tune`: the four searches of the sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from training.networks.families import ACTIVATIONS
from training.networks.families import PAIR_ACTIVATIONS
from training.networks.families import PairNetwork
from training.networks.families import SearchedNetwork
from training.recipes.as_published import CSCE633
from training.recipes.as_published import FED
from training.recipes.as_published import published
from training.recipes.recipe import Recipe

if TYPE_CHECKING:
    import optuna

# Kernels and pooling of each convolution of the facial emotion detection searches, keyed by the
# number of convolutions; 0 is no pooling.
KERNELS = {4: (3, 4, 2, 3), 5: (3, 3, 2, 3, 3), 6: (3, 3, 2, 3, 3, 3)}
POOLS = {4: (0, 2, 0, 2), 5: (0, 2, 2, 2, 2), 6: (0, 2, 2, 2, 2, 1)}

# Dropout rate of the searched networks; only the search with six convolutions varies the rate.
DROPOUT = 0.25

# Learning rates of the optimizers of Keras, which the CSCE633 search does not change.
KERAS_RATES = {'adam': 1e-3, 'sgd': 1e-2}


@dataclass(frozen=True)
class Space:
    """
    A search space.

    :param name: name of the space.
    :param purpose: description in a few words.
    :param trials: number of trials in its source.
    :param executions: number of runs of each trial in its source.
    :param sampler: sampler of its source: 'random' or 'tpe'.
    :param suggest: function that creates the recipe of a trial.
    """

    name: str
    purpose: str
    trials: int
    executions: int
    sampler: str
    suggest: Callable[[optuna.trial.BaseTrial], Recipe]


def _blocks(trial: optuna.trial.BaseTrial, count: int) -> Recipe:
    """Create a recipe with a network of `count` convolutions and a learning rate."""
    six = count == 6
    dropout = trial.suggest_float('drop', 0.0, 0.5, step=0.05) if six else DROPOUT
    activation = trial.suggest_categorical('activation', ACTIVATIONS)
    rate = trial.suggest_float('learning_rate', 1e-4, 1e-2, log=True)
    channels = [_units(trial, f'units{number}') for number in range(1, count + 1)]
    if six:
        # The source draws `units6`, but gives the sixth convolution the channels of the fifth.
        channels[5] = channels[4]
    network = SearchedNetwork(
        channels=tuple(channels),
        kernels=KERNELS[count],
        pools=POOLS[count],
        units=tuple(_units(trial, f'unitsfc{number}') for number in range(1, count // 5 + 3)),
        activation=activation,
        dropout=dropout,
        last_dropout=not six,
    )
    return published(
        'fed_model1',
        f'fed_{count}_blocks',
        build=network,
        epochs=5 if six else 4,
        learning_rate=rate,
        chosen_epoch='best',
        **FED,
    )


def _units(trial: optuna.trial.BaseTrial, name: str) -> int:
    """Draw a number of channels or units."""
    return trial.suggest_int(name, 32, 512, step=32)


def _pairs(trial: optuna.trial.BaseTrial) -> Recipe:
    """Create a recipe with a network of two pairs, and an optimizer."""
    network = PairNetwork(
        kernel=trial.suggest_categorical('kernel', (1, 3, 5)),
        dropout=trial.suggest_float('dropout', 0.1, 0.35),
        activation=trial.suggest_categorical('activation', PAIR_ACTIVATIONS),
    )
    optimizer = trial.suggest_categorical('optimizer', tuple(KERAS_RATES))
    return published(
        'csce633_tuned',
        'csce633_pairs',
        build=network,
        epochs=10,
        optimizer=optimizer,
        learning_rate=KERAS_RATES[optimizer],
        momentum=0.0,
        **CSCE633,
    )


SPACES = {
    space.name: space
    for space in (
        *[
            Space(
                f'fed_{count}_blocks',
                f'{count} convolutions, four emotions',
                3,
                executions,
                'random',
                partial(_blocks, count=count),
            )
            for count, executions in ((4, 2), (5, 2), (6, 3))
        ],
        Space('csce633_pairs', 'two pairs of convolutions, seven emotions', 15, 1, 'tpe', _pairs),
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
