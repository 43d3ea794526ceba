"""
Find and load bundles.

A bundle is a folder with a trained network and its card. The card describes input, output, files
and measured results of the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
import os
from pathlib import Path
from typing import Any

from fer_ros.perception.crops.alignment import CropGeometry
from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.files import FileError
from fer_ros.perception.files import LARGEST_NETWORK
from fer_ros.perception.files import read_file
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.bounded_yaml import load_yaml
from fer_ros.perception.models.card_schema import read_fields
from fer_ros.perception.models.card_schema import unknown_keys
from fer_ros.perception.models.model_files import bundle_folders
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

CARD_NAME = 'card.yaml'
# In bytes. The largest shipped card has 10 KB.
LARGEST_CARD = 1 << 20


class BundleError(ValueError):
    """Raised if a bundle is missing or incomplete, or if its files do not fit its card."""


@dataclass(frozen=True)
class ModelCard:
    """
    The content of `card.yaml`. The fields have the names of its keys.

    :param name: name of the bundle and of its folder.
    :param labels: labels in the order of the network's output.
    :param input: size and values of the network's input.
    :param crop: positions of the eyes in the network's input.
    :param output: type of the network's output, 'logits' or 'probabilities'.
    :param temperature: logits are divided by it before the softmax, which calibrates the
        probabilities (Guo et al., 2017, arXiv:1706.04599).
    :param files: file name and SHA-256 by file format: 'keras', 'tflite', 'onnx'.
    :param folder: folder of the card.
    :param training: description of the training.
    :param metrics: measured results, with their protocol.
    :param licence: licence of the weights.
    :param terms: terms of use of the training data.
    """

    name: str
    labels: tuple[str, ...]
    input: InputSpec
    crop: CropGeometry
    output: str
    temperature: float
    files: Mapping[str, tuple[str, str]]
    folder: Path
    training: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ''
    terms: str = ''

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the file formats in which the bundle has its network."""
        return tuple(self.files)

    def read(self, kind: str) -> bytes:
        """
        Read the network in one file format, and compare its hash with the hash in the card.

        :param kind: 'keras', 'tflite' or 'onnx'.
        :return: the content of the file.
        :raises BundleError: if the bundle has no file of this format, or if the file is missing,
            is too large, or has another hash.
        """
        path = self._path(kind)
        try:
            content = read_file(path, LARGEST_NETWORK)
        except FileError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise BundleError(
                    f'{shortened(path)} is missing, but the card of {self.name} names it'
                ) from error
            raise BundleError(str(error)) from error
        found, sha256 = sha256_of_bytes(content), self.files[kind][1]
        if found != sha256:
            raise BundleError(
                f'{shortened(path)} has the SHA-256 {found[:12]}…, but the card of {self.name} '
                f'has {sha256[:12]}…; copy the card and the network from the same bundle'
            )
        return content

    def file(self, kind: str) -> Path:
        """
        Return the path of the network in one file format, after a check of its hash.

        Training uses this method, because it writes the file itself. The node uses `read`.

        :param kind: 'keras', 'tflite' or 'onnx'.
        :return: the path of the file.
        :raises BundleError: under the same conditions as `read`.
        """
        self.read(kind)
        return self._path(kind)

    def _path(self, kind: str) -> Path:
        """Return the path of the network in one file format."""
        if kind not in self.files:
            raise BundleError(
                f'the bundle {shortened(self.folder)} has no {kind} file; it has only: '
                f'{", ".join(self.files)}'
            )
        return self.folder / self.files[kind][0]

    def sha256(self, kind: str) -> str:
        """Return the SHA-256 that the card states for a file format of the network."""
        return self.files[kind][1]


def find_bundle(model: str) -> Path:
    """
    Find a bundle by its name in the model folders, or by its path.

    :param model: name of a bundle, or path of a bundle's folder.
    :return: the folder of the bundle.
    :raises BundleError: if there is no such bundle; for a name, the message lists all bundles.
    """
    try:
        path = Path(model).expanduser()
        # A card that is a pipe or a folder is only rejected later, when it is read.
        is_bundle = os.path.lexists(path / CARD_NAME)
    except (OSError, RuntimeError, ValueError) as error:
        # Raised for `~` of an unknown user, or for a NUL byte in the path.
        raise BundleError(f'{quoted(model)} is not a valid model: {shortened(error)}') from error
    if is_bundle:
        return path
    if len(path.parts) > 1:
        raise BundleError(f'{shortened(path)} is not a bundle, because it has no {CARD_NAME}')
    folders = {folder.name: folder for folder in bundle_folders()}
    if model not in folders:
        names = shortened(', '.join(sorted(folders))) or 'none'
        raise BundleError(f'there is no model {quoted(model)}; available models: {names}')
    return folders[model]


def load_card(folder: Path) -> ModelCard:
    """
    Load and check the card of a bundle. The files of the network are not opened.

    :param folder: folder of the bundle.
    :return: the card.
    :raises BundleError: if the card is missing, is larger than LARGEST_CARD, is not YAML, has
        aliases, or has missing or wrong fields.
    """
    written = _read_yaml(folder)
    try:
        return card_of(written, Path(folder))
    except ValueError as error:
        raise BundleError(f'{shortened(Path(folder) / CARD_NAME)}: {shortened(error)}') from error


def unknown_keys_of(folder: Path) -> list[str]:
    """
    Find keys in the card of a bundle that no part of the package reads.

    :param folder: folder of the bundle.
    :return: the keys, each with the closest known key if there is one.
    :raises BundleError: if the card cannot be read.
    """
    return unknown_keys(_read_yaml(folder))


def _read_yaml(folder: Path) -> Any:
    """Read the YAML document of a card; raise BundleError if that fails."""
    path = Path(folder) / CARD_NAME
    shown = shortened(path)
    try:
        content = read_file(path, LARGEST_CARD)
    except FileError as error:
        raise BundleError(str(error)) from error
    try:
        return load_yaml(content.decode('utf-8'))
    except UnicodeDecodeError as error:
        raise BundleError(f'{shown} is not UTF-8 text: {error.reason}') from error
    except ValueError as error:
        raise BundleError(f'{shown} is not valid YAML for a card: {shortened(error)}') from error


def card_of(written: Any, folder: Path) -> ModelCard:
    """
    Create a card from the parsed content of its file.

    :param written: the value of the YAML document.
    :param folder: folder of the bundle.
    :return: the card.
    :raises ValueError: if a field is missing or wrong.
    """
    values = read_fields(written)
    return ModelCard(
        name=values['name'],
        labels=values['labels'],
        input=InputSpec(
            height=values['input.height'],
            width=values['input.width'],
            channels=values['input.channels'],
            colour=values['input.colour'],
            value_range=values['input.value_range'],
        ),
        crop=CropGeometry(values['crop.left_eye'], values['crop.right_eye']),
        output=values['output'],
        temperature=values['temperature'],
        files=values['files'],
        folder=folder,
        training=values['training'],
        metrics=values['metrics'],
        licence=values['licence'],
        terms=values['terms'],
    )


def to_request(card: ModelCard) -> dict[str, Any]:
    """
    Convert a card to the request for a trial in a child process.

    :param card: the card.
    :return: the fields that `card_of` needs, with JSON's types only.
    """
    return {
        'name': card.name,
        'labels': list(card.labels),
        'input': asdict(card.input),
        'crop': asdict(card.crop),
        'output': card.output,
        'temperature': card.temperature,
        'files': {
            kind: {'name': name, 'sha256': sha256} for kind, (name, sha256) in card.files.items()
        },
    }
