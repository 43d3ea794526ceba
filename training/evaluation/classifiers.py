"""Load a model to be measured into the classifier of the node: a bundle, a run or a Keras file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING

import numpy as np

from fer_ros.perception.backends.choice import create_backend
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.models.bundle import ModelCard
from training.data.augmentation import resize
from training.runs.files import run_of

if TYPE_CHECKING:
    import keras

# Number of pictures classified at once.
CHUNK = 512

# Back ends that use one CPU core, and the largest number of classifiers to load for threads.
SINGLE_THREADED = ('litert',)
MOST_THREADS = 8

# Largest deviation of a sum of probabilities from 1, which half precision may cause.
_SUM_TOLERANCE = 1e-2


@dataclass(frozen=True)
class ModelOptions:
    """
    Options for models that have no card.

    :param backend: back end of a bundle, as in the parameter of the node.
    :param head: head of a run with several heads.
    :param labels: labels of a Keras file; None for the seven of FER2013 or the eight of FER+.
    :param value_range: values of a Keras file's input for the uint8 values 0 and 255.
    """

    backend: str = 'litert'
    head: str | None = None
    labels: tuple[str, ...] | None = None
    value_range: tuple[float, float] = (0.0, 1.0)


class InMemory:
    """A back end for a Keras model in memory, which runs many pictures at once in float32."""

    device = 'as Keras has it'
    kind = 'keras'
    reason = 'the model is not a bundle'

    def __init__(self, model: keras.Model, head: str | None = None) -> None:
        """
        Wrap a Keras model.

        :param model: model that maps a picture to logits or probabilities, or to a dict of them by
            head.
        :param head: key of the dict, or None.
        """
        import keras

        self.name = keras.backend.backend()
        self._model = model
        self._head = head

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Run the network; see `Backend`."""
        output = self._model.predict(batch, batch_size=256, verbose=0)
        return np.asarray(output if self._head is None else output[self._head], np.float32)


def load_classifier(model: str, options: ModelOptions | None = None) -> Classifier:
    """
    Load a model in any form that can be measured.

    :param model: a bundle (its name, its folder, or its Keras file), the folder of a run, its
        checkpoint or weights, or a `.keras` file.
    :param options: options for models that have no card.
    :return: the model in the classifier of the node.
    :raises BundleError: if there is no such model, or an option that it needs is missing.
    """
    options = options or ModelOptions()
    path = Path(model).expanduser()
    if path.suffix == '.keras':
        if not path.is_file():
            raise BundleError(f'{path} does not exist')
        if (path.parent / CARD_NAME).is_file():
            import keras

            card = load_card(path.parent)
            return Classifier(card, create_backend(keras.backend.backend(), card, trial=False))
        return _bare_keras(path, options)
    run = run_of(model)
    if run is not None:
        return _of_run(run, options)
    card = load_card(find_bundle(model))
    return Classifier(card, create_backend(options.backend, card, trial=False))


def load_classifiers(model: str, options: ModelOptions | None = None) -> list[Classifier]:
    """
    Load a model once for each thread that can run it.

    :param model: as in `load_classifier`.
    :param options: as in `load_classifier`.
    :return: one classifier for each CPU core, at most `MOST_THREADS`, if the back end uses one
        core;
        otherwise one classifier, whose engine has its own threads.
    :raises BundleError: as in `load_classifier`.
    """
    first = load_classifier(model, options)
    if first.backend.name not in SINGLE_THREADED:
        return [first]
    count = min(os.cpu_count() or 1, MOST_THREADS)
    return [first, *(load_classifier(model, options) for _ in range(count - 1))]


def classify(classifier: Classifier, images: np.ndarray, mirrored: bool = False) -> np.ndarray:
    """
    Classify pictures as the node classifies crops.

    :param classifier: classifier that `load_classifier` returned.
    :param images: (N, H, W) or (N, H, W, 3) uint8; resized to the input of the network.
    :param mirrored: whether to average with the probabilities of the mirrored picture, which the
        node does not do.
    :return: (N, labels) float64, calibrated probabilities.
    """
    sized = resize(images, classifier.card.input.height)
    starts = range(0, len(sized), CHUNK)
    found = np.concatenate([classifier.classify(list(sized[i:][:CHUNK])) for i in starts])
    return (found + classify(classifier, sized[:, :, ::-1])) / 2 if mirrored else found


def _of_run(folder: Path, options: ModelOptions) -> Classifier:
    """Load the chosen weights of a run."""
    from training.runs.run import load_run

    run = load_run(folder)
    heads = tuple(run.labels)
    head = options.head or (heads[0] if len(heads) == 1 else None)
    if head not in heads:
        given = f"no head '{head}'" if head else 'several heads; select one with --head'
        raise BundleError(f'the run {folder} has {given}; its heads are: {", ".join(heads)}')
    model = run.model
    spec = _spec(model, run.recipe.value_range)
    card = _made_up_card(folder.resolve().name, run.labels[head], spec, 'logits')
    return Classifier(card, InMemory(model, head))


def _bare_keras(path: Path, options: ModelOptions) -> Classifier:
    """Load a Keras file without a card."""
    import keras

    model = keras.saving.load_model(path, compile=False)
    spec = _spec(model, options.value_range)
    noise = np.random.default_rng(0).uniform(*spec.value_range, (4, *spec.shape))
    output = model.predict(noise.astype(np.float32), verbose=0)
    if not isinstance(output, np.ndarray) or output.ndim != 2:
        raise BundleError(
            f'{path} must have one output with one number per label; export one '
            'head of the network'
        )
    count = output.shape[1]
    known = {len(labels): labels for labels in (FER2013_LABELS, FERPLUS_LABELS)}
    labels = options.labels or known.get(count)
    if labels is None or len(labels) != count:
        raise BundleError(
            f'{path} outputs {count} numbers per picture, but {len(labels) if labels else "no"} '
            'labels are known; set them with --labels'
        )
    sums_to_one = np.abs(output.sum(axis=1) - 1).max() < _SUM_TOLERANCE and output.min() >= 0
    kind = 'probabilities' if sums_to_one else 'logits'
    return Classifier(_made_up_card(path.stem, labels, spec, kind), InMemory(model))


def _spec(model: keras.Model, value_range: tuple[float, float]) -> InputSpec:
    """Return the input format of a model."""
    height, width, channels = model.input_shape[1:]
    return InputSpec(height, width, channels, 'gray' if channels == 1 else 'rgb', value_range)


def _made_up_card(
    name: str, labels: Sequence[str], spec: InputSpec, output: str, files: Any = None
) -> ModelCard:
    """Create a card for a network without a bundle; its temperature is 1."""
    return ModelCard(
        name=name,
        labels=tuple(labels),
        input=spec,
        crop=FER2013_CROP,
        output=output,
        temperature=1.0,
        files=files or {},
        folder=Path(),
    )
