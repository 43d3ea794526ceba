"""
Teachers that predict the augmented pictures, batch by batch.

A teacher that predicts the pictures exactly as the student sees them, mixed and covered, is better
than a teacher that predicts the plain pictures once (Beyer et al. 2021, arXiv:2106.05237).  Each
teacher costs a forward pass in each step.  On a CPU, a teacher of the size of the student adds
about a third to the time of a step.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
import threading
from typing import Any

import keras
from keras import ops
import numpy as np

from fer_ros.perception.classification.classifier import LEAST_PROBABILITY
from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.models.bundle import ModelCard
from training.data.datasets import DataError
from training.recipes.building import build_model
from training.recipes.heads import input_spec
from training.recipes.recipe import Recipe
from training.runs.origins import is_bundle
from training.runs.run import load_run


@dataclass(frozen=True)
class Teacher:
    """
    A teacher network that predicts batches.

    :param name: name of its folder.
    :param model: model that maps pictures of `spec` to an output, or to a dict of outputs by head.
    :param spec: input format of the model.
    :param heads: heads of the student that it teaches.
    :param kind: type of its output: 'logits' or 'probabilities'.
    :param temperature: temperature that its logits are divided by.
    """

    name: str
    model: keras.Model
    spec: InputSpec
    heads: tuple[str, ...]
    kind: str = 'logits'
    temperature: float = 1.0

    def input_of(self, inputs: Any, value_range: tuple[float, float]) -> Any:
        """
        Convert inputs of the student to inputs of this teacher.

        :param inputs: (N, side, side, channels) float32, all channels equal.
        :param value_range: values of the student's input for the uint8 values 0 and 255.
        :return: (N, height, width, channels) float32, in the input format of the teacher.
        """
        gray = inputs[..., :1]
        (low, high), (own_low, own_high) = value_range, self.spec.value_range
        if (low, high) != (own_low, own_high):
            gray = (gray - low) * ((own_high - own_low) / (high - low)) + own_low
        size = (self.spec.height, self.spec.width)
        if tuple(gray.shape[1:3]) != size:
            gray = ops.image.resize(gray, size, interpolation='bilinear')
        return ops.repeat(gray, self.spec.channels, axis=-1) if self.spec.channels > 1 else gray

    def probabilities_of(self, output: Any) -> dict[str, Any]:
        """
        Convert the output of the model to probabilities.

        :param output: output of the model.
        :return: (N, labels) float32, keyed by head.
        """
        return {
            head: self._probabilities(output[head] if isinstance(output, dict) else output)
            for head in self.heads
        }

    def _probabilities(self, output: Any) -> Any:
        logits = ops.cast(output, 'float32')
        if self.kind == 'probabilities':
            logits = ops.log(ops.maximum(logits, LEAST_PROBABILITY))
        return ops.softmax(logits / self.temperature)


class Teachers:
    """The teachers of a recipe; all teachers of a head count equally."""

    def __init__(self, recipe: Recipe, labels: Mapping[str, tuple[str, ...]]) -> None:
        """
        Load the teachers.

        :param recipe: recipe with its teachers.
        :param labels: labels of each head.
        :raises DataError: if a teacher fits no head, or a head has no teacher.
        :raises ValueError: if a folder holds neither a run nor a bundle, or if a teacher held
            pictures
            back: such a teacher only predicts plain pictures, in `distillation`.
        """
        self._heads = tuple(labels)
        self._value_range = recipe.value_range
        self._share = recipe.teacher_share
        self._lock = threading.Lock()
        self.all = [load_teacher(folder, labels) for folder in recipe.teachers]
        for head, names in labels.items():
            if not any(head in teacher.heads for teacher in self.all):
                raise DataError(
                    f'none of the teachers {", ".join(recipe.teachers)} has the labels of the '
                    f'head {head}, which are: {", ".join(names)}'
                )

    def probabilities(self, inputs: Any, run: Callable[[int, Any], Any]) -> dict[str, Any]:
        """
        Compute the mean of the teachers' probabilities.

        :param inputs: (N, side, side, channels) float32, in the value range of the recipe.
        :param run: function that runs the model of a teacher, given its index and its input.
        :return: (N, labels) float32, keyed by head.
        """
        said = [
            teacher.probabilities_of(run(number, teacher.input_of(inputs, self._value_range)))
            for number, teacher in enumerate(self.all)
        ]
        result = {}
        for head in self._heads:
            given = [one[head] for one in said if head in one]
            result[head] = sum(given[1:], given[0]) / len(given)
        return result

    def ask(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """
        Predict a batch with the engine of Keras.

        :param inputs: (N, side, side, channels) float32, in the value range of the recipe.
        :return: (N, labels) float32, keyed by head.
        """
        # Several threads create batches, and not every engine can run one model in two threads.
        with self._lock:
            told = self.probabilities(
                inputs,
                lambda number, seen: self.all[number].model.predict_on_batch(
                    ops.convert_to_numpy(seen)
                ),
            )
        return {head: np.asarray(ops.convert_to_numpy(value)) for head, value in told.items()}

    def mixed(self, targets: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        """
        Mix the probabilities of the teachers into the targets of a batch.

        The sum of each row stays the same, so a row of zeros stays zero.

        :param targets: (N, labels), keyed by head.
        :param told: (N, labels) probabilities of the teachers, keyed by head.
        :return: (N, labels), keyed by head.
        """
        share = self._share
        return {
            head: (1 - share) * rows + share * rows.sum(axis=-1, keepdims=True) * told[head]
            for head, rows in targets.items()
        }


def load_teacher(folder: str, labels: Mapping[str, tuple[str, ...]]) -> Teacher:
    """
    Load a teacher.

    :param folder: folder of a run or a bundle.  A run predicts as in training; a bundle predicts
        the
        calibrated probabilities that the node publishes.
    :param labels: labels of each head of the student.
    :return: the teacher.
    :raises DataError: if it has the labels of no head.
    :raises ValueError: if the folder holds neither a run nor a bundle, or the run held pictures
        back.
    """
    teacher = _bundle(folder, labels) if is_bundle(folder) else _run(folder, labels)
    teacher.model.trainable = False
    return teacher


def heads_of(
    teacher: str, labels: Mapping[str, tuple[str, ...]], known: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """
    Find the heads that a teacher can teach.

    :param teacher: folder of the teacher.
    :param labels: labels of each head of the student.
    :param known: labels of the teacher, keyed by head.
    :return: names of the heads with the same labels.
    :raises DataError: if there is no such head.
    """
    heads = tuple(head for head, names in labels.items() if tuple(names) == known.get(head))
    if not heads:
        found = '; '.join(', '.join(names) for names in dict.fromkeys(known.values()))
        wanted = '; '.join(f'{head}: {", ".join(names)}' for head, names in labels.items())
        raise DataError(
            f'the teacher {teacher} has the labels {found}, but must have those of {wanted}'
        )
    return heads


def _bundle(folder: str, labels: Mapping[str, tuple[str, ...]]) -> Teacher:
    """Load the Keras network of a bundle."""
    card: ModelCard = load_card(Path(folder))
    heads = heads_of(folder, labels, dict.fromkeys(labels, card.labels))
    if 'keras' not in card.files:
        raise DataError(
            f'the teacher {folder} has no Keras file, but --consistent needs one; export the '
            'bundle with a Keras file'
        )
    model = keras.saving.load_model(card.file('keras'), compile=False)
    return Teacher(folder, model, card.input, heads, card.output, card.temperature)


def _run(folder: str, labels: Mapping[str, tuple[str, ...]]) -> Teacher:
    """Load the network of a run, in the precision of its training."""
    run = load_run(Path(folder))
    heads = heads_of(folder, labels, run.labels)
    if run.recipe.held_back:
        raise ValueError(
            f'the teacher {folder} held back a part of the pictures and teaches only this part; '
            'omit --consistent'
        )
    model = build_model(replace(run.recipe, sides=()), run.labels)
    model.set_weights(run.model.get_weights())
    return Teacher(folder, model, input_spec(run.recipe), heads)
