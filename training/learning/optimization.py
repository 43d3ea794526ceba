"""The optimizer, the loss and the learning rate of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from training.recipes.recipe import Recipe


def soft_cross_entropy(target: Any, logits: Any) -> Any:
    """
    Compute the cross-entropy with a target distribution.

    A target of zeros has neither loss nor gradient.  Keras's own loss may assume in its gradient
    that the target sums to 1.

    :param target: (N, labels); a row sums to 1 or to the weight of its picture, or is zero.
    :param logits: (N, labels) logits of the labels.
    :return: (N,) float32 cross-entropy of each picture.
    """
    logits = ops.cast(logits, 'float32')
    return -ops.sum(ops.cast(target, 'float32') * ops.log_softmax(logits), axis=-1)


def compile_model(model: keras.Model, recipe: Recipe, steps_per_epoch: int) -> None:
    """
    Compile a network with the optimizer and the losses of a recipe.

    :param model: model that `build_model` returned.
    :param recipe: the recipe.
    :param steps_per_epoch: number of batches in an epoch, for the schedule of the learning rate.
    """
    optimizer = _optimizer(recipe, _learning_rate(recipe, steps_per_epoch))
    if recipe.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=['bias', 'gamma', 'beta'])
    optimizer.build(model.trainable_variables)
    engine = keras.backend.backend()
    model.compile(
        optimizer=optimizer,
        loss=dict.fromkeys(recipe.heads, soft_cross_entropy),
        loss_weights=dict(recipe.heads),
        # Without `jit_compile`, Keras on JAX runs each operation of a step separately.
        jit_compile=engine == 'jax' or (recipe.xla and engine == 'tensorflow'),
    )


def _learning_rate(recipe: Recipe, steps_per_epoch: int) -> Any:
    """Return the learning rate for the optimizer: a schedule, or a number."""
    if recipe.schedule != 'cosine':
        return recipe.learning_rate
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else recipe.learning_rate,
        decay_steps=max(recipe.epochs * steps_per_epoch - warmup, 1),
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
    )


def _optimizer(recipe: Recipe, learning_rate: Any) -> keras.Optimizer:
    """Create the optimizer; the weight decay of every optimizer is decoupled."""
    options: dict[str, Any] = {'weight_decay': recipe.weight_decay or None}
    make = {
        'sgd': keras.optimizers.SGD,
        'adam': keras.optimizers.Adam,
        'adamw': keras.optimizers.AdamW,
        'nadam': keras.optimizers.Nadam,
        'rmsprop': keras.optimizers.RMSprop,
    }[recipe.optimizer]
    if recipe.optimizer == 'sgd':
        options |= {'momentum': recipe.momentum, 'nesterov': recipe.momentum > 0}
    return make(learning_rate, **options)


def initial_watch(recipe: Recipe) -> dict[str, Any]:
    """
    Return the state of `watch` before the first epoch.

    :param recipe: the recipe.
    :return: values that JSON can store; `watch` updates them.
    """
    return {
        'score': None,
        'stopping_score': None,
        'since_better': 0,
        'learning_rate': recipe.learning_rate,
        'waited': 0,
    }


def watch(
    state: Mapping[str, Any], score: float, recipe: Recipe, stopping: float | None = None
) -> tuple[dict[str, Any], bool]:
    """
    Update the best score and the learning rate after an epoch.

    :param state: state from `initial_watch`, or from the previous call of this function.
    :param score: validation score of the epoch; higher is better.
    :param recipe: the recipe.
    :param stopping: score for early stopping, if it is another; higher is better.
    :return: state after the epoch, and whether the epoch is the best so far.
    """
    stopping = score if stopping is None else stopping
    # Checkpoints of earlier versions have one score for both.
    highest = state.get('stopping_score', state['score'])
    improved = highest is None or stopping > highest + recipe.min_delta
    best = state['score'] is None or score > state['score']
    rate, waited = state['learning_rate'], 0 if best else state['waited'] + 1
    if recipe.schedule == 'plateau' and waited >= recipe.plateau_patience:
        rate, waited = max(rate * recipe.plateau_factor, recipe.least_learning_rate), 0
    return {
        'score': score if best else state['score'],
        'stopping_score': stopping if improved else highest,
        'since_better': 0 if improved else state['since_better'] + 1,
        'learning_rate': rate,
        'waited': waited,
    }, best


def ends_early(state: Mapping[str, Any], recipe: Recipe) -> bool:
    """
    Check whether early stopping ends a run.

    :param state: state that `watch` returned.
    :param recipe: the recipe.
    :return: whether the last `early_stopping` epochs were all without progress.
    """
    return 0 < recipe.early_stopping <= state['since_better']
