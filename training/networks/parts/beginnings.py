"""Networks that begin from others of their kind, which are there as `.keras` files."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from pathlib import Path

import keras

from training.networks.parts.backbones import WeightsError

# What must be the same of two layers, for the weights of one to mean the same in the other.
_OPTIONS = ('epsilon', 'padding', 'strides')


def read_networks(files: str) -> list[keras.Model]:
    """
    Read networks.

    :param files: `.keras` files, joined by commas.
    :return: each.
    :raises WeightsError: if one is not there, or no network.
    """
    return [_read(Path(file)) for file in files.split(',')]


def begin_from(
    body: keras.Model,
    learned: keras.Model,
    file: str,
    own: Collection[str],
    kind: str,
    free: Collection[str] = (),
) -> None:
    """
    Take the weights of a network of this kind, or of the whole of one that is cut short.

    :param body: that takes them.
    :param learned: that has them.
    :param file: it is of.
    :param own: layers that one which is cut short has and a whole one has not.
    :param kind: of the network, in words.
    :param free: layers whose weights mean the same whatever their stride and padding are.
    :raises WeightsError: if it is of another kind.
    """
    known = {layer.name for layer in learned.layers}
    try:
        for layer in body.layers:
            # Where a whole network is cut short, nothing is known of what takes its end's place.
            if layer.name in own and layer.name not in known:
                continue
            other = learned.get_layer(layer.name)
            for option in () if layer.name in free else _OPTIONS:
                if layer.get_config().get(option) != other.get_config().get(option):
                    raise ValueError(f'{layer.name} has another {option}')
            layer.set_weights(other.get_weights())
    except ValueError as error:
        raise WeightsError(f'{file} does not have the weights of {kind}: {error}') from error


def take_heads(model: keras.Model, learned: keras.Model, heads: Iterable[str]) -> None:
    """
    Take the heads that a network has too, of as many features and labels.

    :param model: that takes them.
    :param learned: that may have some.
    :param heads: of the model.
    """
    names = {layer.name for layer in learned.layers}
    for name in names & set(heads):
        layer, weights = model.get_layer(name), learned.get_layer(name).get_weights()
        if [value.shape for value in layer.get_weights()] == [value.shape for value in weights]:
            layer.set_weights(weights)


def _read(path: Path) -> keras.Model:
    """Read a network."""
    if not path.is_file():
        raise WeightsError(
            f'the file of weights {path} does not exist; use random weights with --weights none'
        )
    try:
        return keras.models.load_model(path, compile=False)
    except ValueError as error:
        raise WeightsError(f'cannot read a network from {path}: {error}') from error
