"""Write the bundle of a network that was trained elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
import tempfile
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import create_backend
from fer_ros.perception.backends.choice import reason_against
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import LEAST_PROBABILITY
from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.crops.preprocessing import to_network_input
from fer_ros.perception.files import FileError
from fer_ros.perception.files import LARGEST_NETWORK
from fer_ros.perception.files import read_file
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.models.bundle import ModelCard
from fer_ros.perception.quoting import shortened
from fer_ros.perception.registry import BACKENDS
from fer_ros.perception.registry import CPU_BACKENDS
from training.bundles.card_figures import card_text
from training.bundles.card_figures import whole
from training.bundles.export import FILE_NAMES
from training.bundles.export import PARITY_TOLERANCE
from training.bundles.foreign.description import find_colour
from training.bundles.foreign.description import find_output
from training.bundles.foreign.description import find_scaling
from training.bundles.foreign.description import Given
from training.bundles.foreign.description import ImportRefusedError
from training.bundles.foreign.source_keras import H5_SUFFIXES
from training.bundles.foreign.source_keras import KerasSource
from training.bundles.foreign.source_litert import LiteRtSource
from training.bundles.foreign.source_litert import read_saved_model
from training.bundles.foreign.source_onnx import OnnxSource
from training.data.augmentation import resize
from training.data.datasets import FaceData
from training.data.datasets import PRIVATE
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN
from training.evaluation.calibration import fit_temperature
from training.evaluation.report import figures
from training.evaluation.scores import score
from training.evaluation.truth import truth_for

# Number of pictures on which the formats are compared: more than one batch of 16.
PROOF_PICTURES = 20

Source = KerasSource | LiteRtSource | OnnxSource
Tell = Callable[[str], None]

OTHER_TERMS = 'Trained elsewhere; the terms of its training data are not known here.'


@dataclass(frozen=True)
class Words:
    """
    Texts for the card.

    :param licence: licence of the weights.
    :param terms: terms of use of the training data.
    """

    licence: str = ''
    terms: str = OTHER_TERMS


def import_network(
    path: Path,
    given: Given,
    folder: Path,
    data: FaceData | None = None,
    words: Words | None = None,
    force: bool = False,
    tell: Tell = print,
) -> ModelCard:
    """
    Write a bundle; a failed import writes no file.

    :param path: file of the network, or folder of a SavedModel.
    :param given: what the user states about the network.
    :param folder: folder of the new bundle.
    :param data: pictures with labels for the temperature and the figures, or None.
    :param words: texts for the card.
    :param force: whether to replace an existing folder.
    :param tell: function that receives each finding as a sentence.
    :return: the card of the bundle.
    :raises ImportRefusedError: if the network cannot be imported.
    """
    if folder.exists() and not force:
        raise ImportRefusedError(f'{folder} exists already; replace it with --force')
    source, sha256 = read_source(path, given)
    layout = source.layout
    colour, colour_told = find_colour(layout.channels, given)
    scaling = find_scaling(layout.channels, source.range_found, given)
    spec = InputSpec(layout.height, layout.width, layout.channels, colour, scaling.value_range)
    pictures = proof_pictures(spec, data)
    batch = to_network_input(pictures, spec)
    values = batch
    if scaling.factors:
        factors, offsets = np.array(scaling.factors), np.array(scaling.offsets)
        values = np.asarray(batch * factors + offsets, np.float32)
    expected = source.run(values)
    output, output_told = find_output(expected, given)
    tell(f'input: {layout.height}x{layout.width} pixels, {layout.told}')
    tell(f'colour: {colour_told}')
    tell(f'range: {scaling.told}')
    tell(f'output: {output_told}')
    written: dict[str, Any] = {
        'name': folder.name,
        'labels': list(given.labels),
        'input': {
            'height': spec.height,
            'width': spec.width,
            'channels': spec.channels,
            'colour': spec.colour,
            'value_range': list(spec.value_range),
        },
        'crop': {
            'left_eye': list(given.crop.left_eye),
            'right_eye': list(given.crop.right_eye),
        },
        'output': output,
        'temperature': 1.0,
        'files': {},
        'training': {'imported_from': {'name': path.name, 'sha256': sha256}},
        'metrics': {},
        **({'licence': words.licence} if words and words.licence else {}),
        'terms': words.terms if words else OTHER_TERMS,
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    # In the same file system as the result, so that the folder appears complete or not at all.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix='.import_') as scratch:
        made = Path(scratch) / folder.name
        made.mkdir()
        forms, refused = source.forms(scaling, Path(scratch))
        runs = _prove(forms, refused, source, scaling, made, written, batch, expected, tell)
        if data is not None:
            _measure(made, written, runs, data, tell)
        else:
            tell(
                'temperature: 1, so the probabilities are not calibrated; fit it to pictures with '
                'labels by --data'
            )
        _write_card(made, written)
        card = load_card(made)
        if folder.exists():
            os.rename(folder, Path(scratch) / 'replaced')
        os.rename(made, folder)
    tell(f'{folder}: {", ".join(card.kinds)}')
    return load_card(folder)


def read_source(path: Path, given: Given) -> tuple[Source, str]:
    """
    Read a network in one of the known formats.

    :param path: file of the network, or folder of a SavedModel.
    :param given: what the user states about the network.
    :return: the network, and its SHA-256 (of `saved_model.pb` for a SavedModel).
    :raises ImportRefusedError: if the format is not known, or the network cannot be imported.
    """
    if path.is_dir():
        graph = path / 'saved_model.pb'
        if not graph.is_file():
            raise ImportRefusedError(
                f'{path} is a folder without saved_model.pb; give a SavedModel, or one file'
            )
        return read_saved_model(path, given), sha256_of_bytes(_content(graph))
    suffix, content = path.suffix.lower(), _content(path)
    if suffix == '.onnx':
        return OnnxSource(content, given), sha256_of_bytes(content)
    if suffix == '.tflite':
        return LiteRtSource(content, given), sha256_of_bytes(content)
    if suffix in ('.keras', *H5_SUFFIXES):
        return KerasSource(content, suffix, given), sha256_of_bytes(content)
    hint = 'export a network of PyTorch with torch.onnx.export' if suffix in _TORCH else ''
    raise ImportRefusedError(
        f'{path.name} is not a .keras, .h5, .tflite or .onnx file or the folder of a SavedModel'
        + (f'; {hint}' if hint else '')
    )


_TORCH = ('.pt', '.pth', '.pkl', '.bin', '.ckpt', '.safetensors')


def _content(path: Path) -> bytes:
    """Read the file of a network that a user imports."""
    try:
        content = read_file(path, LARGEST_NETWORK)
    except FileError as error:
        raise ImportRefusedError(str(error)) from error
    if content.startswith(b'version https://git-lfs'):
        raise ImportRefusedError(
            f'{path.name} is a pointer of Git LFS, not the network; get the file with: '
            'git lfs pull'
        )
    return content


def proof_pictures(spec: InputSpec, data: FaceData | None) -> np.ndarray:
    """
    Select pictures on which the formats are compared.

    :param spec: input of the network.
    :param data: real pictures, or None.
    :return: (N, height, width, 3) or (N, height, width) uint8: the first are black, white and
        noise; the others are real, or smooth and random.
    """
    generator = np.random.default_rng(0)
    size = (spec.width, spec.height)
    coarse = generator.integers(0, 256, (PROOF_PICTURES, 6, 6, 3), np.uint8)
    smooth = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_CUBIC) for one in coarse])
    smooth[0], smooth[1] = 0, 255
    smooth[2] = generator.integers(0, 256, smooth[2].shape, np.uint8)
    if data is not None:
        step = max(1, len(data) // PROOF_PICTURES)
        real = resize(data.images[::step][: PROOF_PICTURES - 3], spec.height)
        if real.ndim == 3:
            real = np.repeat(real[..., None], 3, axis=3)
        if real.shape[1:] == smooth.shape[1:]:
            smooth[3:][: len(real)] = real
    return smooth


def _prove(
    forms: dict[str, bytes],
    refused: dict[str, str],
    source: Source,
    scaling: Any,
    folder: Path,
    written: dict[str, Any],
    batch: np.ndarray,
    expected: np.ndarray,
    tell: Tell,
) -> list[str]:
    """
    Run each format on each back end that is installed, and keep the formats that are right.

    :return: the back ends that run the bundle.
    :raises ImportRefusedError: if none does.
    """
    runs: list[str] = []
    for kind, content in forms.items():
        found, reasons = _try_form(kind, content, folder, written, batch, expected)
        if reasons and isinstance(source, OnnxSource) and source.batch is None:
            # Some exporters write a network for one picture, with an input of any batch size.
            single = source.with_batch_of_one(scaling)
            more = _try_form(kind, single, folder, written, batch, expected)
            if len(more[0]) > len(found):
                content, (found, reasons) = single, more
                tell('onnx: one picture at a time, because the network fails on a batch')
            else:
                (folder / FILE_NAMES[kind]).write_bytes(content)
        for name, difference in found.items():
            tell(f'{name}: runs it, largest difference from the original {difference:.1e}')
        for name, reason in reasons.items():
            tell(f'{name}: {reason}')
        if found:
            runs += found
            written['files'][kind] = {'name': FILE_NAMES[kind], 'sha256': sha256_of_bytes(content)}
        else:
            (folder / FILE_NAMES[kind]).unlink()
    for kind, reason in refused.items():
        names = ', '.join(name for name in BACKENDS if BACKENDS[name].reads == kind)
        tell(f'{names}: cannot run it, because there is no {kind} file: {reason}')
    if not runs:
        raise ImportRefusedError(
            'no installed back end runs the network with the outputs of the original, for the '
            'reasons above'
        )
    return runs


def _try_form(
    kind: str,
    content: bytes,
    folder: Path,
    written: dict[str, Any],
    batch: np.ndarray,
    expected: np.ndarray,
) -> tuple[dict[str, float], dict[str, str]]:
    """
    Compare a format with the original on each back end.

    :return: for each back end that runs the format, the largest difference of an output, relative
        to the largest output if that is above 1; and for each other back end the reason.
    """
    (folder / FILE_NAMES[kind]).write_bytes(content)
    stated = {'name': FILE_NAMES[kind], 'sha256': sha256_of_bytes(content)}
    _write_card(folder, {**written, 'files': {kind: stated}})
    card = load_card(folder)
    found: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for name in (name for name in CPU_BACKENDS if BACKENDS[name].reads == kind):
        if kind == 'keras' and found:
            break
        refusal = reason_against(name, card)
        if refusal is not None:
            reasons[name] = f'not tested, because {refusal}'
            continue
        try:
            # The trial in a child process is that of the node.
            backend = create_backend(name, card, 'cpu')
            Classifier(card, backend)
            difference = max(
                float(np.abs(backend.run(part) - expected[: len(part)]).max())
                for part in (batch, batch[:1], batch[:3])
            ) / max(1.0, float(np.abs(expected).max()))
        except (BackendError, BundleError, ValueError) as error:
            reasons[name] = f'cannot run it: {shortened(error)}'
            continue
        if difference <= PARITY_TOLERANCE:
            found[name] = difference
        else:
            reasons[name] = (
                f'cannot run it: its outputs differ by {difference:.2g} from those of the '
                f'original, but at most {PARITY_TOLERANCE} is allowed'
            )
    return found, reasons


def _measure(
    folder: Path, written: dict[str, Any], runs: list[str], data: FaceData, tell: Tell
) -> None:
    """Fit the temperature on one part of the data, and measure the figures on the other part."""
    fitted_on, measured_on, told = _parts(data)
    _write_card(folder, written)
    card = load_card(folder)
    classifier = Classifier(card, create_backend(runs[0], card, 'cpu', trial=False))
    scores = score(classifier, fitted_on)
    truth = truth_for(card.name, card.labels, fitted_on).labels
    kept = truth >= 0
    logits = np.log(np.maximum(scores.probabilities[kept], LEAST_PROBABILITY))
    written['temperature'] = round(fit_temperature(logits, truth[kept]), 4)
    written['training']['calibrated_on'] = told
    _write_card(folder, written)
    card = load_card(folder)
    classifier = Classifier(card, classifier.backend)
    report = figures(score(classifier, measured_on))
    written['metrics'] = {'imported': whole(report)}
    tell(
        f'temperature: {written["temperature"]}, fitted on {told}; accuracy on the other pictures '
        f'{100 * report["accuracy"]:.1f} % ({len(measured_on)} pictures)'
    )


def _parts(data: FaceData) -> tuple[FaceData, FaceData, str]:
    """Split data for the temperature and for the figures, and name the first part."""
    if data.has_split(PUBLIC) and data.has_split(PRIVATE):
        return data.of_split(PUBLIC), data.of_split(PRIVATE), 'the validation split'
    # The network may have learnt the training pictures by heart.
    tests = data.take(np.flatnonzero(data.split != TRAIN))
    told = 'one half of the pictures'
    if 0 < len(tests) < len(data):
        data, told = tests, f'{told} that are not for training'
    order = np.random.default_rng(0).permutation(len(data))
    half = len(data) // 2
    if half < 1:
        raise ImportRefusedError('--data has fewer than two pictures that are not for training')
    return data.take(order[:half]), data.take(order[half:]), told


def _write_card(folder: Path, written: dict[str, Any]) -> None:
    """Write the card of a bundle."""
    (folder / CARD_NAME).write_text(card_text(written), encoding='utf-8')
