"""Train, average and validate a network on the device: an epoch is one call (JAX)."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from functools import partial
from typing import Any
from typing import NamedTuple

import jax
from jax import numpy as jnp
import keras
import numpy as np

from fer_ros.perception.crops.preprocessing import to_network_input
from training.data.augmentation import resize
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.learning.on_device.changes import change
from training.learning.on_device.changes import mix_partners_and_shares
from training.learning.optimization import soft_cross_entropy
from training.learning.teachers import Teachers
from training.recipes.heads import input_spec
from training.recipes.recipe import Recipe
from training.runs.checkpoints import RunningAverage

# Pictures that are validated at once.
_VALIDATED = 512


class State(NamedTuple):
    """
    All that a step changes.

    :param trainable: variables of the network that learn.
    :param other: its other variables: statistics of normalisation, frozen layers, seeds.
    :param optimizer: its variables.
    :param average: of each weight of the network, in the order of `get_weights`.
    :param steps: that are in the average, float32.
    """

    trainable: list[Any]
    other: list[Any]
    optimizer: list[Any]
    average: list[Any]
    steps: Any


class _Places(NamedTuple):
    """Where the weights of a network are among the variables that it is called with."""

    trainable: list[int]
    other: list[int]


class DeviceTrainer:
    """Pictures, network, optimizer and running average on one device."""

    def __init__(
        self,
        recipe: Recipe,
        model: keras.Model,
        measured: keras.Model,
        average: RunningAverage,
        training: FaceData,
        targets: Mapping[str, np.ndarray],
        validation: FaceData,
        teachers: Teachers | None = None,
    ) -> None:
        """
        Bring all there.

        :param recipe: as it is run.
        :param model: compiled; it learns.
        :param measured: the same network in float32, for the averaged weights.
        :param average: of the weights of `model`.
        :param training: pictures to learn from.
        :param targets: by head, (N, labels) float32, of `prepare_targets`.
        :param validation: pictures to choose the epoch by.
        :param teachers: that are asked about each batch, or None.
        :raises DataError: if the pictures do not fill one batch.
        """
        if len(training) < recipe.batch_size:
            raise DataError(f'{len(training)} pictures do not fill a batch of {recipe.batch_size}')
        self._recipe = recipe
        self._model = model
        self._measured = measured
        self._average = average
        self._teachers = teachers
        self._steps_an_epoch = len(training) // recipe.batch_size
        self._images = jax.device_put(training.images)
        self._targets = {
            head: jax.device_put(np.asarray(rows, np.float32)) for head, rows in targets.items()
        }
        self._told = [_variables_of(teacher.model) for teacher in teachers.all] if teachers else []
        self._validation = validation
        self._validated: dict[int, Any] = {}
        self._begin()

    def _begin(self) -> None:
        """Take the state from the network, its optimizer and its average."""
        trainable, other = _variables_of(self._model)
        self._state = State(
            trainable,
            other,
            [variable.value for variable in self._model.optimizer.variables],
            [jnp.asarray(value) for value in self._average.values],
            jnp.float32(self._average.steps),
        )
        self._places = _places(self._model)
        self._measured_places = _places(self._measured)

    def run(self, epoch: int) -> float:
        """
        Train for an epoch.

        It is a function of the recipe's seed and the number of the epoch, and of the weights
        before it.

        :param epoch: from 0 on.
        :return: the mean loss of its steps.
        """
        self._take_learning_rate()
        key = jax.random.fold_in(jax.random.key(self._recipe.seed), epoch)
        side = self._recipe.side_at(epoch)
        self._state, loss = self._epoch(
            side, self._state, key, self._images, self._targets, self._told
        )
        return float(loss)

    def predict_validation(self, epoch: int) -> dict[str, np.ndarray]:
        """
        Run the network with the averaged weights on the validation pictures.

        :param epoch: whose side they have, from 0 on.
        :return: by head, (N, labels) float32 logits.
        """
        side = self._recipe.side_at(epoch)
        if side not in self._validated:
            spec = input_spec(self._recipe, side)
            inputs = to_network_input(resize(self._validation.images, side), spec)
            missing = -len(inputs) % _VALIDATED
            inputs = np.concatenate([inputs, np.repeat(inputs[-1:], missing, axis=0)])
            self._validated[side] = jax.device_put(inputs.reshape(-1, _VALIDATED, *spec.shape))
        count = len(self._validation)
        logits = self._predict(self._state.average, self._validated[side])
        return {head: np.asarray(logits[head], np.float32)[:count] for head in self._recipe.heads}

    @property
    def state(self) -> State:
        """Give what the epochs so far have left, on the device; later ones do not change it."""
        return self._state

    @property
    def learning_rate(self) -> float:
        """Give the learning rate of the next step."""
        optimizer = self._model.optimizer
        index = _index_of(optimizer.iterations, optimizer.variables)
        optimizer.iterations.assign(self._state.optimizer[index])
        return float(optimizer.learning_rate)

    def synchronise(self, state: State) -> None:
        """
        Give a state to the network, its optimizer and its average.

        :param state: what `state` was after some epoch.
        """
        model = self._model
        for variables, values in (
            (model.trainable_variables, state.trainable),
            (model.non_trainable_variables, state.other),
            (model.optimizer.variables, state.optimizer),
        ):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        self._average.restore(jax.device_get(state.average), int(state.steps))

    def _take_learning_rate(self) -> None:
        """Take the learning rate that was set from outside, where no schedule is compiled in."""
        if self._recipe.schedule == 'cosine':
            return
        optimizer = self._model.optimizer
        rate = optimizer.learning_rate
        index = _index_of(rate, optimizer.variables)
        optimizer_values = list(self._state.optimizer)
        optimizer_values[index] = jnp.asarray(rate.value)
        self._state = self._state._replace(optimizer=optimizer_values)

    @partial(jax.jit, static_argnums=(0, 1))
    def _epoch(
        self, side: int, state: State, key: Any, images: Any, targets: Any, told: Any
    ) -> tuple[State, Any]:
        """Go through the pictures once."""
        recipe, steps = self._recipe, self._steps_an_epoch
        order_key, steps_key = jax.random.split(key)
        chosen = jax.random.permutation(order_key, len(images))[: steps * recipe.batch_size]

        def step(state: State, drawn: tuple[Any, Any]) -> tuple[State, Any]:
            rows, own_key = drawn
            change_key, mix_key = jax.random.split(own_key)
            inputs = self._inputs(images[rows], side, change_key)
            batch = {head: target[rows] for head, target in targets.items()}
            if recipe.augmentation.mixup:
                mixed = mix_partners_and_shares(len(rows), recipe.augmentation.mixup, mix_key)
                inputs, batch = _mixed(inputs, batch, *mixed)
            if self._teachers is not None:
                batch = self._teachers.mixed(batch, self._ask(inputs, told))
            return self._step(state, inputs, batch)

        xs = chosen.reshape(steps, recipe.batch_size), jax.random.split(steps_key, steps)
        state, losses = jax.lax.scan(step, state, xs)
        return state, losses.mean()

    def _inputs(self, images: Any, side: int, key: Any) -> Any:
        """Make what the network sees of pictures."""
        recipe = self._recipe
        low, high = recipe.value_range
        values = change(images, recipe.augmentation, side, key)
        values = values[..., None] * ((high - low) / 255) + low
        return jnp.repeat(values, input_spec(recipe, side).channels, axis=-1)

    def _ask(self, inputs: Any, told: Any) -> dict[str, Any]:
        """Ask the teachers about a batch."""
        assert self._teachers is not None
        said = []
        for teacher, (trainable, other) in zip(self._teachers.all, told, strict=True):
            seen = teacher.input_of(inputs, self._recipe.value_range)
            output, _ = teacher.model.stateless_call(trainable, other, seen, training=False)
            said.append(teacher.probabilities_of(output))
        return self._teachers.mean(said)

    def _step(self, state: State, inputs: Any, targets: Any) -> tuple[State, Any]:
        """Learn from a batch."""
        model, recipe = self._model, self._recipe

        def loss_of(trainable: Any) -> tuple[Any, Any]:
            outputs, other, penalties = model.stateless_call(
                trainable, state.other, inputs, training=True, return_losses=True
            )
            loss = sum(penalties, jnp.float32(0))
            for head, weight in recipe.heads.items():
                loss += weight * soft_cross_entropy(targets[head], outputs[head]).mean()
            return loss, other

        (loss, other), gradients = jax.value_and_grad(loss_of, has_aux=True)(state.trainable)
        trainable, optimizer = model.optimizer.stateless_apply(
            state.optimizer, gradients, state.trainable
        )
        steps = state.steps + 1
        # As of `RunningAverage.update`.
        share = 1 - jnp.minimum(jnp.float32(self._average.decay), steps / (steps + 9))
        average = [
            (1 - share) * value + share * new
            for value, new in zip(
                state.average, _weights(self._places, trainable, other), strict=True
            )
        ]
        return State(list(trainable), list(other), list(optimizer), average, steps), loss

    @partial(jax.jit, static_argnums=0)
    def _predict(self, average: list[Any], batches: Any) -> Any:
        """Run the network with averaged weights on batches of pictures."""
        trainable, other = _variables_of(self._measured)
        for index, place in enumerate(self._measured_places.trainable):
            if place >= 0:
                trainable[place] = average[index]
        for index, place in enumerate(self._measured_places.other):
            if place >= 0:
                other[place] = average[index]

        def predict(inputs: Any) -> Any:
            return self._measured.stateless_call(trainable, other, inputs, training=False)[0]

        logits = jax.lax.map(predict, batches)
        return {head: rows.reshape(-1, rows.shape[-1]) for head, rows in logits.items()}


def _variables_of(model: keras.Model) -> tuple[list[Any], list[Any]]:
    """Give the values that a network is called with: trainable variables, and the others."""
    return (
        [variable.value for variable in model.trainable_variables],
        [variable.value for variable in model.non_trainable_variables],
    )


def _index_of(variable: Any, variables: Sequence[Any]) -> int:
    """Find a variable among others."""
    return next(index for index, one in enumerate(variables) if one is variable)


def _places(model: keras.Model) -> _Places:
    """Find each weight of a network among its variables; -1 where it is not."""
    trainable, other = (
        {id(variable): index for index, variable in enumerate(variables)}
        for variables in (model.trainable_variables, model.non_trainable_variables)
    )
    return _Places(
        [trainable.get(id(weight), -1) for weight in model.weights],
        [other.get(id(weight), -1) for weight in model.weights],
    )


def _weights(places: _Places, trainable: Sequence[Any], other: Sequence[Any]) -> list[Any]:
    """Put the values of variables into the order of `get_weights`."""
    return [
        trainable[first] if first >= 0 else other[second]
        for first, second in zip(places.trainable, places.other, strict=True)
    ]


def _mixed(inputs: Any, targets: Mapping[str, Any], other: Any, share: Any) -> tuple[Any, Any]:
    """Lay a second picture of the batch over each, and its targets likewise."""
    wide = share[:, None, None, None]
    narrow = share[:, None]
    return wide * inputs + (1 - wide) * inputs[other], {
        head: narrow * rows + (1 - narrow) * rows[other] for head, rows in targets.items()
    }
