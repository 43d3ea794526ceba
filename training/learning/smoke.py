"""Shorten a training to seconds, to test all its steps."""

from __future__ import annotations

from dataclasses import replace

from training.recipes.recipe import Recipe

# Number of pictures that `--smoke` trains and validates on.
SMOKE_COUNT = 64

SMOKE_BATCH = 16

SMOKE_EPOCHS = 2


def smoke_recipe(recipe: Recipe) -> Recipe:
    """
    Shorten a recipe so that all its steps run in seconds.

    :param recipe: the recipe.
    :return: recipe with two epochs of small batches, one at its first and one at its last side.
    """
    sides = ((0.0, recipe.sides[0][1]), (0.5, recipe.side)) if recipe.sides else ()
    return replace(
        recipe,
        epochs=SMOKE_EPOCHS,
        warmup_epochs=min(1, recipe.warmup_epochs),
        batch_size=SMOKE_BATCH,
        sides=sides,
    )
