"""Train, average and validate a network on the device, with one call for an epoch (JAX)."""

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
from training.data.augmentation import lay_over
from training.data.augmentation import resize
from training.data.datasets import FaceData
from training.learning.loop import Session
from training.learning.on_device.changes import change
from training.learning.on_device.changes import mix_partners_and_shares
from training.learning.optimization import soft_cross_entropy
from training.learning.teachers import Teachers
from training.recipes.heads import input_spec
from training.runs.checkpoints import moved

# Number of pictures in a validation batch.
_VALIDATED = 512


class State(NamedTuple):
    """
    All values that a training step changes.

    :param trainable: trainable variables of the network.
    :param other: its other variables: normalisation statistics, frozen layers, seeds.
    :param optimizer: variables of the optimizer.
    :param average: average of each weight of the network, in the order of `get_weights`.
    :param steps: number of steps in the average, float32.
    """

    trainable: list[Any]
    other: list[Any]
    optimizer: list[Any]
    average: list[Any]
    steps: Any


class DeviceTrainer:
    """Pictures, network, optimizer and running average on one device."""

    def __init__(
        self,
        session: Session,
        training: FaceData,
        targets: Mapping[str, np.ndarray],
        teachers: Teachers | None = None,
    ) -> None:
        """
        Copy the pictures to the device, and read the state of the network.

        :param session: session that `training.learning.loop.prepare` returned.
        :param training: training pictures.
        :param targets: targets from `prepare_targets`: (N, labels) float32, keyed by head.
        :param teachers: teachers that predict each augmented batch, or None.
        """
        self._recipe = session.recipe
        self._model = session.model
        self._measured = session.measured
        self._average = session.average
        self._validation = session.validation
        self._steps_an_epoch = session.steps
        self._teachers = teachers
        self._images = jax.device_put(training.images)
        self._targets = {
            head: jax.device_put(np.asarray(rows, np.float32)) for head, rows in targets.items()
        }
        self._told = [_variables_of(teacher.model) for teacher in teachers.all] if teachers else []
        # Batches of validation pictures, keyed by their side.
        self._validated: dict[int, Any] = {}
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
        Train for one epoch.

        The result depends only on the seed of the recipe, the index of the epoch, and the state
        before it.

        :param epoch: index of the epoch, from 0.
        :return: mean loss of its steps.
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

        :param epoch: index of the epoch, from 0, which decides the side of the pictures.
        :return: (N, labels) float32 logits, keyed by head.
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
        """Return the state after the last epoch, on the device; later epochs do not modify it."""
        return self._state

    @property
    def learning_rate(self) -> float:
        """Return the learning rate of the next step."""
        optimizer = self._model.optimizer
        index = _index_of(optimizer.iterations, optimizer.variables)
        optimizer.iterations.assign(self._state.optimizer[index])
        return float(optimizer.learning_rate)

    def synchronise(self, state: State) -> None:
        """
        Copy a state into the network, its optimizer and its average.

        :param state: an earlier value of `state`.
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
        """Copy the learning rate of the optimizer into the state, if no schedule computes it."""
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
        """Train on all pictures once."""
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
                inputs, batch = lay_over(inputs, batch, *mixed)
            if self._teachers is not None:
                batch = self._teachers.mixed(batch, self._ask(inputs, told))
            return self._step(state, inputs, batch)

        xs = chosen.reshape(steps, recipe.batch_size), jax.random.split(steps_key, steps)
        state, losses = jax.lax.scan(step, state, xs)
        return state, losses.mean()

    def _inputs(self, images: Any, side: int, key: Any) -> Any:
        """Augment pictures and convert them to inputs of the network."""
        recipe = self._recipe
        low, high = recipe.value_range
        values = change(images, recipe.augmentation, side, key)
        values = values[..., None] * ((high - low) / 255) + low
        return jnp.repeat(values, input_spec(recipe, side).channels, axis=-1)

    def _ask(self, inputs: Any, told: Any) -> dict[str, Any]:
        """Predict a batch with the teachers."""
        assert self._teachers is not None
        teachers = self._teachers.all

        def run(number: int, seen: Any) -> Any:
            return teachers[number].model.stateless_call(*told[number], seen, training=False)[0]

        return self._teachers.probabilities(inputs, run)

    def _step(self, state: State, inputs: Any, targets: Any) -> tuple[State, Any]:
        """Train on one batch."""
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
        # The decay is that of `RunningAverage.update`.
        share = 1 - jnp.minimum(jnp.float32(self._average.decay), steps / (steps + 9))
        variables = [*trainable, *other]
        weights = [variables[place] for place in self._places]
        average = moved(state.average, weights, share)
        return State(list(trainable), list(other), list(optimizer), average, steps), loss

    @partial(jax.jit, static_argnums=0)
    def _predict(self, average: list[Any], batches: Any) -> Any:
        """Predict batches of pictures with the averaged weights."""
        trainable, other = _variables_of(self._measured)
        variables = [*trainable, *other]
        for value, place in zip(average, self._measured_places, strict=True):
            variables[place] = value
        count = len(trainable)
        split = (variables[:count], variables[count:])

        def predict(inputs: Any) -> Any:
            return self._measured.stateless_call(*split, inputs, training=False)[0]

        logits = jax.lax.map(predict, batches)
        return {head: rows.reshape(-1, rows.shape[-1]) for head, rows in logits.items()}


def _variables_of(model: keras.Model) -> tuple[list[Any], list[Any]]:
    """Return the values of the trainable and of the other variables of a network."""
    return (
        [variable.value for variable in model.trainable_variables],
        [variable.value for variable in model.non_trainable_variables],
    )


def _index_of(variable: Any, variables: Sequence[Any]) -> int:
    """Return the index of a variable in a sequence, by identity."""
    return next(index for index, one in enumerate(variables) if one is variable)


def _places(model: keras.Model) -> list[int]:
    """Return the index of each weight in the list of trainable and other variables."""
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    places = {id(variable): place for place, variable in enumerate(variables)}
    return [places[id(weight)] for weight in model.weights]
