"""List all networks: `python -m training models`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import json
import math
from typing import Any

import keras

from training.networks.registry import ENTRIES
from training.networks.registry import RegisteredNetwork
from training.recipes.heads import head_labels
from training.recipes.library import load_recipe
from training.recipes.library import recipe_files


def count_parameters(model: keras.Model) -> tuple[int, int]:
    """
    Count the parameters of a network.

    :param model: built model.
    :return: number of all parameters, and of the trainable parameters.
    """
    trainable = sum(math.prod(variable.shape) for variable in model.trainable_weights)
    return model.count_params(), trainable


def networks() -> Iterator[tuple[str, str, int, keras.Model]]:
    """
    Build all networks, first those of the registry, then those of the project's own recipes.

    :return: iterator over name, source, number of classes of all heads together, and network.
    """
    for entry in ENTRIES:
        yield entry.name, entry.source, entry.classes, entry.build(entry.classes)
    for path in recipe_files().values():
        recipe = load_recipe(path)
        # A recipe with the head 'labels' uses the network of another recipe, with an output for
        # each label of its data.
        if not isinstance(recipe.build, RegisteredNetwork) and 'labels' not in recipe.heads:
            heads = {head: len(labels) for head, labels in head_labels(recipe).items()}
            yield recipe.name, 'fer_ros', sum(heads.values()), recipe.build(heads, recipe.side)


def describe() -> dict[str, dict[str, Any]]:
    """
    Describe all networks.

    :return: 'source', 'params', 'trainable', 'input' (height, width, channels) and 'classes' of
        each
        network, keyed by its name.
    """
    described = {}
    for name, source, classes, model in networks():
        params, trainable = count_parameters(model)
        described[name] = {
            'source': source,
            'params': params,
            'trainable': trainable,
            'input': list(model.input_shape[1:]),
            'classes': classes,
        }
        keras.backend.clear_session()
    return described


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `models`."""
    parser.add_argument('--json', action='store_true', help='print only JSON')


def run(arguments: argparse.Namespace) -> int:
    """Run the command `models`."""
    described = describe()
    if arguments.json:
        keys = ('params', 'trainable', 'input', 'classes')
        print(json.dumps({n: {key: row[key] for key in keys} for n, row in described.items()}))
        return 0
    width = max(map(len, described))
    source_width = max(len(row['source']) for row in described.values())
    print(
        f'{"name":{width}}  {"source":{source_width}}  {"input":>8}  classes'
        f'  {"parameters":>10}  {"trainable":>10}'
    )
    for name, row in described.items():
        shape = 'x'.join(map(str, row['input']))
        print(
            f'{name:{width}}  {row["source"]:{source_width}}  {shape:>8}  {row["classes"]:7d}'
            f'  {row["params"]:10,d}  {row["trainable"]:10,d}'
        )
    return 0
