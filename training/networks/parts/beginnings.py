"""Initialise a network with the weights of similar networks in `.keras` files."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from pathlib import Path

import keras

from training.networks.parts.backbones import WeightsError

# Options that two layers must share, so that weights have the same meaning in both.
_OPTIONS = ('epsilon', 'padding', 'strides')


def read_networks(files: str) -> list[keras.Model]:
    """
    Read networks from files.

    :param files: paths of `.keras` files, separated by commas.
    :return: the networks, in the order of the files.
    :raises WeightsError: if a file is missing or holds no network.
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
    Copy the weights of a network of the same kind, or of its full-length form.

    :param body: network to initialise.
    :param learned: trained network with the weights.
    :param file: path of the file of `learned`, for error messages.
    :param own: names of layers that only a shortened network has.
    :param kind: kind of the network in words, for error messages.
    :param free: names of layers whose stride and padding may differ.
    :raises WeightsError: if `learned` is of another kind.
    """
    known = {layer.name for layer in learned.layers}
    try:
        for layer in body.layers:
            # A full-length network has no weights for the layers that replace its end.
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
    Copy the heads that both networks have, if they have the same numbers of features and labels.

    :param model: network to initialise.
    :param learned: trained network, which may have some of the heads.
    :param heads: names of the heads of `model`.
    """
    names = {layer.name for layer in learned.layers}
    for name in names & set(heads):
        layer, weights = model.get_layer(name), learned.get_layer(name).get_weights()
        if [value.shape for value in layer.get_weights()] == [value.shape for value in weights]:
            layer.set_weights(weights)


def _read(path: Path) -> keras.Model:
    """Read a network from a file."""
    if not path.is_file():
        raise WeightsError(
            f'the file of weights {path} does not exist; use random weights with --weights none'
        )
    try:
        return keras.models.load_model(path, compile=False)
    except ValueError as error:
        raise WeightsError(f'cannot read a network from {path}: {error}') from error
