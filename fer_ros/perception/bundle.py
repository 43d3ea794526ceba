"""A trained network with the card that says how to feed and read it, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

import yaml

from fer_ros.perception.alignment import CropGeometry
from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.model_files import bundle_folders
from fer_ros.perception.model_files import sha256_of
from fer_ros.perception.preprocessing import InputSpec

CARD_NAME = 'card.yaml'
OUTPUTS = ('logits', 'probabilities')

# The forms a network comes in, by their key in the card.
FILE_KINDS = ('keras', 'tflite', 'onnx')


class BundleError(ValueError):
    """A bundle that is missing, incomplete, or does not fit its card."""


@dataclass(frozen=True)
class ModelCard:
    """
    What `card.yaml` says; its keys are these fields.

    :param name: also the folder's name.
    :param labels: in the order of the network's output.
    :param input: what the network wants to see.
    :param crop: where the eyes land in its input.
    :param output: 'logits' or 'probabilities'.
    :param temperature: logits are divided by it before the softmax, which makes the probabilities
        mean what they say (Guo et al. 2017, arXiv:1706.04599).
    :param files: file name and SHA-256 by kind: 'keras', 'tflite', 'onnx'.
    :param folder: where the card was read.
    :param training: how the network was made.
    :param metrics: what it reached, and by which protocol.
    :param licence: of the weights.
    :param terms: of the data that it was trained on.
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
        """Name the forms in which the network is there."""
        return tuple(self.files)

    def file(self, kind: str) -> Path:
        """
        Give the path of the network in one form, having checked that it is the file of the card.

        :param kind: 'keras', 'tflite' or 'onnx'.
        :return: the path of the file.
        :raises BundleError: if the bundle has no such form, or its file is missing or another.
        """
        if kind not in self.files:
            raise BundleError(
                f'the bundle {self.folder} has no {kind} file; it has: {", ".join(self.files)}'
            )
        file_name, sha256 = self.files[kind]
        path = self.folder / file_name
        if not path.is_file():
            raise BundleError(f'{path} is missing, which the card of {self.name} names')
        found = sha256_of(path)
        if found != sha256:
            raise BundleError(
                f'{path} has the SHA-256 {found[:12]}…, the card of {self.name} says '
                f'{sha256[:12]}…; one of them is not of this bundle'
            )
        return path

    def sha256(self, kind: str) -> str:
        """Give the SHA-256 that the card states for a form of the network."""
        return self.files[kind][1]


def find_bundle(model: str) -> Path:
    """
    Find a bundle by its name in the folders of models, or by its path.

    :param model: a bundle's name, or a path with a separator in it or of an existing folder.
    :return: the bundle's folder.
    :raises BundleError: if there is none; the message lists the names there are.
    """
    path = Path(model).expanduser()
    if (path / CARD_NAME).is_file():
        return path
    if len(path.parts) > 1:
        raise BundleError(f'there is no bundle in {path}: it has no {CARD_NAME}')
    folders = {folder.name: folder for folder in bundle_folders()}
    if model not in folders:
        names = ', '.join(sorted(folders)) or 'none'
        raise BundleError(f"no model is called '{model}'; there are: {names}")
    return folders[model]


def load_card(folder: Path) -> ModelCard:
    """
    Read a bundle's card and check it; the network's files are not opened.

    :param folder: the bundle's.
    :return: the card.
    :raises BundleError: if the card is missing, is no YAML, or misses or misstates something.
    """
    path = Path(folder) / CARD_NAME
    try:
        text = path.read_text(encoding='utf-8')
    except OSError as error:
        raise BundleError(f'{path} cannot be read: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise BundleError(f'{path} is no text: {error}') from error
    try:
        written = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BundleError(f'{path} is no YAML: {error}') from error
    if not isinstance(written, dict):
        raise BundleError(f'{path} holds {type(written).__name__}, not the keys of a card')
    try:
        return _card(written, path.parent)
    except KeyError as error:
        raise BundleError(f'{path} has no key {error}') from error
    except (TypeError, ValueError, AttributeError) as error:
        raise BundleError(f'{path}: {error}') from error


def _card(written: dict[str, Any], folder: Path) -> ModelCard:
    """Make the card of what its file holds; what is wrong raises KeyError or ValueError."""
    labels = tuple(written['labels'])
    if len(labels) < 2 or not all(isinstance(label, str) and label for label in labels):
        raise ValueError(f'labels are {written["labels"]}, not two names or more')
    if len(set(labels)) < len(labels) or UNCERTAIN in labels:
        raise ValueError(f"labels are {written['labels']}; each may stand once, '{UNCERTAIN}' not")
    if written['output'] not in OUTPUTS:
        raise ValueError(f"output is '{written['output']}', not one of {', '.join(OUTPUTS)}")
    temperature = float(written['temperature'])
    if not 0 < temperature < float('inf'):
        raise ValueError(f'temperature is {temperature}, not above 0')
    files = {
        kind: (str(entry['name']), str(entry['sha256']))
        for kind, entry in written['files'].items()
    }
    if not files or set(files) - set(FILE_KINDS):
        raise ValueError(f'files are {list(files)}, not some of {", ".join(FILE_KINDS)}')
    shape = written['input']
    crop = written['crop']
    return ModelCard(
        name=str(written['name']),
        labels=labels,
        input=InputSpec(
            height=int(shape['height']),
            width=int(shape['width']),
            channels=int(shape['channels']),
            colour=shape['colour'],
            value_range=_pair(shape['value_range']),
        ),
        crop=CropGeometry(left_eye=_pair(crop['left_eye']), right_eye=_pair(crop['right_eye'])),
        output=written['output'],
        temperature=temperature,
        files=files,
        folder=folder,
        training=written.get('training') or {},
        metrics=written.get('metrics') or {},
        licence=str(written.get('licence', '')),
        terms=str(written.get('terms', '')),
    )


def _pair(values: Any) -> tuple[float, float]:
    """Make two numbers of a list of two."""
    first, second = values
    return float(first), float(second)
