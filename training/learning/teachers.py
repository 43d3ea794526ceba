"""
Teachers that are asked about the pictures as they are augmented, batch by batch.

A teacher that sees the very picture that the network sees, mixed and covered as it is, teaches
more than one that was asked once about the plain picture (Beyer et al. 2021, arXiv:2106.05237).
The price is a forward pass of each teacher in each step: on a CPU about a third of the step again
for a teacher of the network's own size.
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
    A network that is asked about batches.

    :param name: of its folder.
    :param model: from pictures of `spec` to its output, or to a dict of outputs by head.
    :param spec: what it wants to see.
    :param heads: of the student, that it teaches.
    :param kind: 'logits' or 'probabilities', what it gives.
    :param temperature: that its logits are divided by.
    """

    name: str
    model: keras.Model
    spec: InputSpec
    heads: tuple[str, ...]
    kind: str = 'logits'
    temperature: float = 1.0

    def input_of(self, inputs: Any, value_range: tuple[float, float]) -> Any:
        """
        Turn what the student sees into what this teacher wants to see.

        :param inputs: (N, side, side, channels) float32, all channels equal.
        :param value_range: of the student: what the uint8 values 0 and 255 became.
        :return: (N, height, width, channels) float32 of the teacher's own.
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
        Turn what its network gives into probabilities.

        :param output: of the network.
        :return: by head, (N, labels) float32.
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
    """The teachers of a recipe; those of a head count alike."""

    def __init__(self, recipe: Recipe, labels: Mapping[str, tuple[str, ...]]) -> None:
        """
        Load them.

        :param recipe: with its teachers.
        :param labels: of each head.
        :raises DataError: if a teacher has no head's labels, or a head no teacher.
        :raises ValueError: if a folder holds no run and no bundle, or a teacher held pictures
            back: it teaches these alone, which is asked once (`distillation`).
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
        Give the mean of the teachers' probabilities.

        :param inputs: (N, side, side, channels) float32, in the recipe's range.
        :param run: runs the network of the teacher of a number on its own input.
        :return: by head, (N, labels) float32.
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
        Ask about a batch, on whatever Keras runs on.

        :param inputs: (N, side, side, channels) float32, in the recipe's range.
        :return: by head, (N, labels) float32.
        """
        # Several threads make batches; not every engine runs one network in two of them.
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
        Mix what teachers say into what each head is to say of a batch.

        A row that sums to the weight of its picture keeps that sum; one that is zero stays so.

        :param targets: by head, (N, labels).
        :param told: likewise, of the teachers.
        :return: likewise.
        """
        share = self._share
        return {
            head: (1 - share) * rows + share * rows.sum(axis=-1, keepdims=True) * told[head]
            for head, rows in targets.items()
        }


def load_teacher(folder: str, labels: Mapping[str, tuple[str, ...]]) -> Teacher:
    """
    Load a teacher.

    :param folder: of a run, whose network says what it says in training; or of a bundle, which
        says what the node publishes: calibrated probabilities.
    :param labels: of each head of the student.
    :return: the teacher.
    :raises DataError: if it has no head's labels.
    :raises ValueError: if the folder holds no run and no bundle, or the run held pictures back.
    """
    teacher = _bundle(folder, labels) if is_bundle(folder) else _run(folder, labels)
    teacher.model.trainable = False
    return teacher


def heads_of(
    teacher: str, labels: Mapping[str, tuple[str, ...]], known: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """
    Tell which heads a teacher can teach.

    :param teacher: its folder.
    :param labels: of each head of the student.
    :param known: by head, the labels that the teacher has.
    :return: the names of the heads.
    :raises DataError: if there is none.
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
    """Load the network of a run, as it was trained."""
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
