"""Store the function that builds a recipe's network by its registered name and arguments."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import hashlib
import inspect
from pathlib import Path
from types import FunctionType
from typing import Any

from training.networks.families import BlockNetwork
from training.networks.families import PairNetwork
from training.networks.lite import LiteNetwork
from training.networks.mobile import MobileNetwork
from training.networks.registry import RegisteredNetwork
from training.networks.residual import ResidualNetwork
from training.recipes.library import run_file

# The builders that a run can name; each is a dataclass whose fields are its arguments.
BUILDERS: dict[str, type] = {
    'registered': RegisteredNetwork,
    'mobile': MobileNetwork,
    'lite': LiteNetwork,
    'residual': ResidualNetwork,
    'blocks': BlockNetwork,
    'pairs': PairNetwork,
}

Builder = Callable[..., Any]


def describe_builder(build: Builder) -> dict[str, Any]:
    """
    Describe a builder so that `builder_of` makes an equal one.

    :param build: of a recipe: an instance of one of `BUILDERS`, or a function of a Python file.
    :return: what JSON can hold: 'builder' and 'arguments'; for a function 'function', its 'file',
        and the 'source_sha256' of its source text.
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
    Make a builder from its description.

    :param described: as `describe_builder` returns it.
    :return: the builder.
    :raises ValueError: if there is no such builder, or its function has changed since.
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
    """Hash the source text of a function."""
    # What `inspect` keeps of a file may be older than the file.
    lines = Path(inspect.getfile(function)).read_text(encoding='utf-8').splitlines(keepends=True)
    first = function.__code__.co_firstlineno - 1
    source = ''.join(inspect.getblock(lines[first:]))
    return hashlib.sha256(source.encode()).hexdigest()
