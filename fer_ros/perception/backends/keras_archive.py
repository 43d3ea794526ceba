"""
Check that a .keras file contains only layers of Keras and their weights, and cannot run code.

In safe mode, Keras rejects lambdas. Some layers of Keras still load other files or libraries:
TFSMLayer loads a SavedModel, TorchModuleWrapper a pickle, and StringLookup a vocabulary. An HDF5
file may also contain links to other files.
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

# In bytes. The configurations of the shipped networks have up to 163 KB.
LARGEST_CONFIG = 16 << 20
# Maximum number of HDF5 links in one file. Keras writes a few links for each layer.
MOST_LINKS = 100_000

# Modules and packages from which a configuration may use classes. For None and 'builtins', Keras
# looks up the name in its own lists.
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

# Classes of Keras that can run code, or read files named in the configuration.
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
    """Raised if a .keras file must not be loaded."""


def check_archive(content: bytes) -> None:
    """
    Check a .keras file before Keras loads it.

    :param content: content of the Keras archive.
    :raises ArchiveError: if the file is not an archive of Keras 3, is too large when unpacked, or
        contains a class or a link that could run code or read another file.
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
    # Keras ignores this part of the configuration, because the network is loaded with
    # compile=False.
    read.pop('compile_config', None)
    for entry in _objects(read):
        _check_class(entry)
    _check_links(weights, f'{WEIGHTS} in the archive')


def check_h5(content: bytes) -> None:
    """
    Check a network in one HDF5 file, the format of Keras 2, before Keras loads it.

    :param content: content of the Keras archive.
    :raises ArchiveError: if the file has no network, is too large, or contains a class or a link
        that could run code or read another file.
    """
    _check_links(content, 'the file')
    h5py = importlib.import_module('h5py')
    try:
        with h5py.File(io.BytesIO(content), 'r') as file:
            config = file.attrs.get('model_config')
        if config is None:
            raise ArchiveError(
                'the file has weights only, without a network; save the network with: '
                "model.save('network.keras')"
            )
        read = json.loads(config)
    except ArchiveError:
        raise
    except Exception as error:  # h5py and json raise exceptions of many types for a broken file
        raise ArchiveError(f'the file has no valid network ({shortened(error)})') from error
    for entry in _objects(read):
        _check_class(entry)


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Reject an archive with other files than MEMBERS, or one that is too large when unpacked."""
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
    """Iterate over all objects of a JSON value, including nested objects."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _check_class(entry: dict[str, Any]) -> None:
    """Reject an object whose class is not one of Keras, or is in REFUSED."""
    if 'class_name' not in entry:
        return
    name, module = entry['class_name'], entry.get('module')
    registered = entry.get('registered_name')
    own = isinstance(name, str) and (
        module in MODULES
        or any(module == part or str(module).startswith(f'{part}.') for part in PACKAGES)
    )
    custom = registered is not None and '>' in str(registered)
    # A function that is not in Keras' lists of activations, losses and so on.
    other_function = name == 'function' and module != 'builtins'
    if not own or custom or other_function or name in REFUSED:
        raise ArchiveError(
            f'the network contains {quoted(name)} of {quoted(module)}. Only layers of Keras are '
            'allowed, except Lambda, TFSMLayer and other layers that run code or read files'
        )


def _check_links(weights: bytes, where: str) -> None:
    """
    Reject weights that are stored in other files or are too large.

    :param weights: content of the HDF5 file.
    :param where: name of the file in error messages.
    :raises ArchiveError: if the file has such weights, or cannot be read.
    """
    h5py = importlib.import_module('h5py')
    try:
        with h5py.File(io.BytesIO(weights), 'r') as file:
            _walk(h5py, file, where)
    except ArchiveError:
        raise
    except Exception as error:  # h5py raises exceptions of many types for a broken file
        raise ArchiveError(f'{where} cannot be read ({shortened(error)})') from error


def _walk(h5py: Any, file: Any, where: str) -> None:
    """
    Check all links of an HDF5 file.

    If groups contain each other, the limit of links ends the loop.
    """
    waiting, links, size = [file], 0, 0
    while waiting:
        group = waiting.pop()
        for name in group:
            links += 1
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ArchiveError(f'{where} has a link to other data: {quoted(name)}')
            found = group[name]
            if isinstance(found, h5py.Dataset):
                if found.external or found.is_virtual:
                    raise ArchiveError(f'{where} has data in another file: {quoted(name)}')
                size += found.nbytes
            elif isinstance(found, h5py.Group):
                waiting.append(found)
            if links > MOST_LINKS or size > LARGEST_NETWORK:
                raise ArchiveError(
                    f'{where} has more than {MOST_LINKS} links or {LARGEST_NETWORK} bytes'
                )
