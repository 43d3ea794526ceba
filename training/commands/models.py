"""List all networks, or the layers of one: `python -m training models [NAME]`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
import json
import math
from typing import Any

import keras

from fer_ros.perception.quoting import quoted
from training.networks.description import describe_layers
from training.networks.registry import ENTRIES
from training.networks.registry import RegisteredNetwork
from training.recipes.heads import head_labels
from training.recipes.library import load_recipe
from training.recipes.library import recipe_files
from training.recipes.recipe import Recipe


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
    for name, recipe in _own_networks().items():
        heads = {head: len(labels) for head, labels in head_labels(recipe).items()}
        yield name, 'fer_ros', sum(heads.values()), recipe.build(heads, recipe.side)


def find_model(name: str) -> tuple[str, keras.Model]:
    """
    Build one network.

    :param name: name of a network, as `models` lists it.
    :return: source of the network, and the network.
    :raises ValueError: if no network has this name; the message lists all names.
    """
    own = _own_networks()
    if name in own:
        recipe = own[name]
        heads = {head: len(labels) for head, labels in head_labels(recipe).items()}
        return 'fer_ros', recipe.build(heads, recipe.side)
    entries = {entry.name: entry for entry in ENTRIES}
    if name not in entries:
        names = ', '.join([*entries, *own])
        raise ValueError(f'there is no network {quoted(name)}; choose one of: {names}')
    entry = entries[name]
    return entry.source, entry.build(entry.classes)


def _own_networks() -> dict[str, Recipe]:
    """Return the recipes whose networks are not in the registry, keyed by their names."""
    recipes = (load_recipe(path) for path in recipe_files().values())
    # A recipe with the head 'labels' uses the network of another recipe, with an output for
    # each label of its data.
    return {
        recipe.name: recipe
        for recipe in recipes
        if not isinstance(recipe.build, RegisteredNetwork) and 'labels' not in recipe.heads
    }


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
    parser.add_argument(
        'name',
        nargs='?',
        metavar='NAME',
        help='name of a network, to print its layers; without it, all networks are listed',
    )
    parser.add_argument('--json', action='store_true', help='print only JSON')


def run(arguments: argparse.Namespace) -> int:
    """Run the command `models`."""
    if arguments.name is not None:
        return _print_layers(arguments.name, arguments.json)
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


def _print_layers(name: str, as_json: bool) -> int:
    """Print the layers of a network, with their settings."""
    source, model = find_model(name)
    described = [asdict(layer) for layer in describe_layers(model)]
    if as_json:
        print(json.dumps(described))
        return 0
    rows = [('layer', 'type', 'output', 'parameters', 'settings')]
    rows += [
        (
            row['name'],
            row['kind'],
            'x'.join(map(str, row['shape'])),
            f'{row["parameters"]:,d}',
            row['settings'],
        )
        for row in described
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    shape = 'x'.join(map(str, model.input_shape[1:]))
    params, trainable = count_parameters(model)
    print(f'{name} ({source}), input {shape}')
    for layer, kind, output, parameters, settings in rows:
        print(
            f'{layer:{widths[0]}}  {kind:{widths[1]}}  {output:>{widths[2]}}'
            f'  {parameters:>{widths[3]}}  {settings}'.rstrip()
        )
    print(f'{params:,d} parameters, of which {trainable:,d} are trainable')
    return 0
