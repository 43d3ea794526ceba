"""Shorten a training to seconds, to try all of its steps."""

from __future__ import annotations

from dataclasses import replace

from training.recipes.recipe import Recipe

# Pictures that `--smoke` trains and validates on.
SMOKE_COUNT = 64

SMOKE_BATCH = 16

SMOKE_EPOCHS = 2


def smoke_recipe(recipe: Recipe) -> Recipe:
    """
    Shorten a recipe so that it goes through all its steps in seconds.

    :param recipe: the recipe.
    :return: the same with two epochs of small batches, one at each of its first and last sides.
    """
    sides = ((0.0, recipe.sides[0][1]), (0.5, recipe.side)) if recipe.sides else ()
    return replace(
        recipe,
        epochs=SMOKE_EPOCHS,
        warmup_epochs=min(1, recipe.warmup_epochs),
        batch_size=SMOKE_BATCH,
        sides=sides,
    )
