"""
What a .keras file may contain: Keras' own layers and their weights, and nothing that runs code.

Keras itself refuses lambdas in safe mode.  Some of its own layers still load other files or
libraries: TFSMLayer a SavedModel, TorchModuleWrapper a pickle, StringLookup a vocabulary.  An HDF5
file may have links to other files as well.
"""

from __future__ import annotations

from collections.abc import Iterator
import importlib
import io
import json
from typing import Any
import zipfile

from fer_ros.perception.files import LARGEST_NETWORK
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

CONFIG, WEIGHTS = 'config.json', 'model.weights.h5'
MEMBERS = frozenset({CONFIG, WEIGHTS, 'metadata.json'})

# The shipped networks' configurations have up to 163 KB.
LARGEST_CONFIG = 16 << 20  # bytes
# HDF5 links of one file; Keras writes a few for each layer.
MOST_LINKS = 100_000

# The modules that a configuration may take classes from; None and 'builtins' stand for names that
# Keras looks up in its own lists.
MODULES = (None, 'builtins', 'keras')
PACKAGES = (
    'keras.activations',
    'keras.constraints',
    'keras.dtype_policies',
    'keras.initializers',
    'keras.layers',
    'keras.losses',
    'keras.metrics',
    'keras.models',
    'keras.optimizers',
    'keras.regularizers',
    'keras.src.models',
    'keras.src.ops',
)

# Classes of Keras that run code, or read files that a configuration names.
REFUSED = frozenset(
    {
        '__lambda__',
        'FeatureSpace',
        'FlaxLayer',
        'IndexLookup',
        'IntegerLookup',
        'JaxLayer',
        'Lambda',
        'StringLookup',
        'TextVectorization',
        'TFSMLayer',
        'TorchModuleWrapper',
    }
)


class ArchiveError(ValueError):
    """A .keras file that the node does not load."""


def check_archive(content: bytes) -> None:
    """
    Check a .keras file before Keras loads it.

    :param content: of the file.
    :raises ArchiveError: if it is not an archive of Keras 3, too large when unpacked, or has a
        class or a link that could run code or read another file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(archive.infolist())
            config, weights = archive.read(CONFIG), archive.read(WEIGHTS)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        reason = shortened(error)
        raise ArchiveError(f'the file is not a .keras archive of Keras 3 ({reason})') from error
    try:
        read = json.loads(config)
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f'{CONFIG} in the archive is not JSON ({shortened(error)})') from error
    if not isinstance(read, dict):
        raise ArchiveError(f'{CONFIG} in the archive is not a JSON object')
    # The network is loaded without it.
    read.pop('compile_config', None)
    for entry in _objects(read):
        _check_class(entry)
    _check_links(weights)


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive with other files, or one that is too large when unpacked."""
    names = [member.filename for member in members]
    if set(names) != MEMBERS or len(names) != len(MEMBERS):
        raise ArchiveError(
            f'the archive contains {quoted(sorted(names))}, but must contain '
            f'{", ".join(sorted(MEMBERS))}'
        )
    sizes = {member.filename: member.file_size for member in members}
    if sum(sizes.values()) > LARGEST_NETWORK or sizes[CONFIG] > LARGEST_CONFIG:
        raise ArchiveError(
            f'the archive is too large: unpacked, it has {sum(sizes.values())} bytes (limit '
            f'{LARGEST_NETWORK}), or its {CONFIG} exceeds {LARGEST_CONFIG} bytes'
        )


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Go through all objects of a JSON value."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _check_class(entry: dict[str, Any]) -> None:
    """Refuse an object that names a class outside Keras, or one of REFUSED."""
    if 'class_name' not in entry:
        return
    name, module = entry['class_name'], entry.get('module')
    registered = entry.get('registered_name')
    own = isinstance(name, str) and (
        module in MODULES
        or any(module == part or str(module).startswith(f'{part}.') for part in PACKAGES)
    )
    custom = registered is not None and '>' in str(registered)
    # A function of elsewhere than Keras' lists of activations, losses and so on.
    other_function = name == 'function' and module != 'builtins'
    if not own or custom or other_function or name in REFUSED:
        raise ArchiveError(
            f'the network contains {quoted(name)} of {quoted(module)}. Only layers of Keras are '
            'allowed, except Lambda, TFSMLayer and other layers that run code or read files'
        )


def _check_links(weights: bytes) -> None:
    """
    Refuse weights that are in other files, or that are larger than a network may be.

    :param weights: content of the HDF5 file.
    """
    h5py = importlib.import_module('h5py')
    try:
        with h5py.File(io.BytesIO(weights), 'r') as file:
            _walk(h5py, file)
    except ArchiveError:
        raise
    except Exception as error:  # h5py raises many kinds for a broken file
        raise ArchiveError(
            f'{WEIGHTS} in the archive cannot be read ({shortened(error)})'
        ) from error


def _walk(h5py: Any, file: Any) -> None:
    """Go through all links of an HDF5 file; groups that hold each other end at the limit."""
    waiting, links, size = [file], 0, 0
    while waiting:
        group = waiting.pop()
        for name in group:
            links += 1
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ArchiveError(
                    f'{WEIGHTS} in the archive has a link to other data: {quoted(name)}'
                )
            found = group[name]
            if isinstance(found, h5py.Dataset):
                if found.external or found.is_virtual:
                    raise ArchiveError(
                        f'{WEIGHTS} in the archive has data in another file: {quoted(name)}'
                    )
                size += found.nbytes
            elif isinstance(found, h5py.Group):
                waiting.append(found)
            if links > MOST_LINKS or size > LARGEST_NETWORK:
                raise ArchiveError(
                    f'{WEIGHTS} in the archive has more than {MOST_LINKS} links or '
                    f'{LARGEST_NETWORK} bytes'
                )
