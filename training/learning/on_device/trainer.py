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
        Copy the pictures to the device, and take over the state of the network.

        :param session: of `training.learning.loop.prepare`.
        :param training: pictures to learn from.
        :param targets: by head, (N, labels) float32, of `prepare_targets`.
        :param teachers: that are asked about each batch, or None.
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
        # By side, the pictures of the validation in batches.
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
                inputs, batch = lay_over(inputs, batch, *mixed)
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
        teachers = self._teachers.all

        def run(number: int, seen: Any) -> Any:
            return teachers[number].model.stateless_call(*told[number], seen, training=False)[0]

        return self._teachers.probabilities(inputs, run)

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
        variables = [*trainable, *other]
        weights = [variables[place] for place in self._places]
        average = moved(state.average, weights, share)
        return State(list(trainable), list(other), list(optimizer), average, steps), loss

    @partial(jax.jit, static_argnums=0)
    def _predict(self, average: list[Any], batches: Any) -> Any:
        """Run the network with averaged weights on batches of pictures."""
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
    """Give the values that a network is called with: trainable variables, and the others."""
    return (
        [variable.value for variable in model.trainable_variables],
        [variable.value for variable in model.non_trainable_variables],
    )


def _index_of(variable: Any, variables: Sequence[Any]) -> int:
    """Find a variable among others."""
    return next(index for index, one in enumerate(variables) if one is variable)


def _places(model: keras.Model) -> list[int]:
    """Find each weight of a network among its trainable variables and the others after them."""
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    places = {id(variable): place for place, variable in enumerate(variables)}
    return [places[id(weight)] for weight in model.weights]
