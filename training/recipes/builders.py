"""Describe the function that builds the network of a recipe, so that a run can store it."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import hashlib
import inspect
from pathlib import Path
from types import FunctionType
from typing import Any

from training.networks.families import PairNetwork
from training.networks.families import SearchedNetwork
from training.networks.lite import LiteNetwork
from training.networks.mobile import MobileNetwork
from training.networks.registry import RegisteredNetwork
from training.networks.residual import ResidualNetwork
from training.recipes.library import run_file

# Builders, keyed by the name that a run stores.  Each builder is a dataclass with its arguments as
# fields.
BUILDERS: dict[str, type] = {
    'registered': RegisteredNetwork,
    'mobile': MobileNetwork,
    'lite': LiteNetwork,
    'residual': ResidualNetwork,
    'searched': SearchedNetwork,
    'pairs': PairNetwork,
}

Builder = Callable[..., Any]


def describe_builder(build: Builder) -> dict[str, Any]:
    """
    Describe a builder so that `builder_of` can recreate it.

    :param build: `build` of a recipe: an instance of one of `BUILDERS`, or a function in a Python
        file.
    :return: values that JSON can store: 'builder' and 'arguments', or for a function 'function',
        its
        'file', and 'source_sha256', the hash of its source text.
    :raises ValueError: if it is neither.
    """
    for name, kind in BUILDERS.items():
        if type(build) is kind:
            return {'builder': name, 'arguments': dict(vars(build))}
    if not isinstance(build, FunctionType) or build.__name__ != build.__qualname__:
        raise ValueError(
            f'build is {build!r}, which a run cannot store; use a function at the top level of '
            'the recipe file, or one of these: '
            f'{", ".join(kind.__name__ for kind in BUILDERS.values())}'
        )
    return {
        'function': build.__name__,
        'file': str(Path(inspect.getfile(build)).resolve()),
        'source_sha256': _source_sha256(build),
    }


def builder_of(described: Mapping[str, Any]) -> Builder:
    """
    Recreate a builder from its description.

    :param described: description, as `describe_builder` returns it.
    :return: the builder.
    :raises ValueError: if the builder is unknown, or its function has changed since.
    """
    if 'builder' in described:
        if described['builder'] not in BUILDERS:
            raise ValueError(
                f'there is no builder {described["builder"]!r}; choose one of: '
                f'{", ".join(BUILDERS)}'
            )
        return BUILDERS[described['builder']](**described['arguments'])
    file, name = Path(described['file']), described['function']
    if not file.is_file():
        raise ValueError(
            f'{file} does not exist; it contained the function {name}, which builds the network'
        )
    build = getattr(run_file(file), name, None)
    if not isinstance(build, FunctionType):
        raise ValueError(f'{file} has no function {name}, which builds the network')
    if _source_sha256(build) != described['source_sha256']:
        raise ValueError(
            f'the function {name} of {file}, which builds the network, has changed since the run '
            'started; restore it'
        )
    return build


def _source_sha256(function: FunctionType) -> str:
    """Compute the hash of the source text of a function."""
    # The cache of `inspect` may be older than the file.
    lines = Path(inspect.getfile(function)).read_text(encoding='utf-8').splitlines(keepends=True)
    first = function.__code__.co_firstlineno - 1
    source = ''.join(inspect.getblock(lines[first:]))
    return hashlib.sha256(source.encode()).hexdigest()
