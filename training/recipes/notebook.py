"""Settings that the recipes of the notebooks share."""

from __future__ import annotations

from dataclasses import replace

from training.data.augmentation import Augmentation
from training.data.augmentation import NO_AUGMENTATION
from training.data.selection import Selection
from training.networks.registry import RegisteredNetwork
from training.recipes.recipe import Recipe

# Mirroring and small shifts.
MILD: Augmentation = replace(NO_AUGMENTATION, flip=True, shift=0.05)

# Shifts, zoom and rotation within the variation of a detector's bounding boxes.
USUAL: Augmentation = replace(NO_AUGMENTATION, flip=True, shift=0.1, scale=0.1, rotation_deg=10)

# Multiply the learning rate by 0.3 after three epochs without progress.
CAREFUL = {'schedule': 'plateau', 'plateau_factor': 0.3, 'plateau_patience': 3}

# Settings of the improved recipes for the fully connected and the convolutional networks of
# CSCE633; the project itself trained without augmentation and at a constant rate.
DENSE = {
    **CAREFUL,
    'standardise': True,
    'learning_rate': 3e-4,
    'early_stopping': 8,
    'augmentation': MILD,
}
CONVOLUTIONAL = {
    **CAREFUL,
    'learning_rate': 5e-4,
    'early_stopping': 7,
    'augmentation': USUAL,
}

# Settings of the improved recipes for the facial emotion detection notebooks, except the learning
# rate of each network; only the classes, the batch size and that rate are those of the notebooks.
FOUR_EMOTIONS = {
    'selection': Selection(classes=('happy', 'sad', 'surprise', 'neutral')),
    'standardise': True,
    'epochs': 35,
    'batch_size': 32,
    'early_stopping': 10,
    'augmentation': MILD,
}


def notebook(name: str, **settings: object) -> Recipe:
    """
    Create the recipe of a notebook's network: Adam, hard labels, and no averaging of weights.

    :param name: name of the recipe and of its network.
    :param settings: fields of `Recipe` that differ from these common settings.
    :return: the recipe.
    """
    common = Recipe(
        name=name,
        build=RegisteredNetwork(name),
        heads={'labels': 1.0},
        value_range=(0.0, 1.0),
        optimizer='adam',
        schedule='constant',
        warmup_epochs=0,
        weight_decay=0.0,
        label_smoothing=0.0,
        augmentation=NO_AUGMENTATION,
        average=0.0,
    )
    return replace(common, **settings)  # type: ignore[arg-type]
