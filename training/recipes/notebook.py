"""What the recipes of the notebooks have in common; it counts as part of each of them."""

from __future__ import annotations

from dataclasses import replace

from training.data.augmentation import Augmentation
from training.data.augmentation import NO_AUGMENTATION
from training.data.selection import Selection
from training.networks.registry import RegisteredNetwork
from training.recipes.recipe import Recipe

# Mirror images, and faces a little beside the middle.
MILD: Augmentation = replace(NO_AUGMENTATION, flip=True, shift=0.05)

# Shifts, zoom and rotation, as far as a detector's boxes vary.
USUAL: Augmentation = replace(NO_AUGMENTATION, flip=True, shift=0.1, scale=0.1, rotation_deg=10)

# Each time that three epochs brought nothing better, go on in steps of three tenths.
CAREFUL = {'schedule': 'plateau', 'plateau_factor': 0.3, 'plateau_patience': 3}

# How the fully connected and the convolutional networks of CSCE633 are trained.
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

# How those of the facial emotion detection notebooks are; each has a learning rate of its own.
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
    Make the recipe of a notebook's network: Adam, hard labels, the last weights as they are.

    :param name: of the recipe and of its network.
    :param settings: that are otherwise than here, by the fields of `Recipe`.
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
