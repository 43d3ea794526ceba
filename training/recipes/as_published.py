"""Settings of the sources, for the recipes that repeat their protocols."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from training.data.augmentation import Augmentation
from training.data.augmentation import NO_AUGMENTATION
from training.data.selection import Selection
from training.networks.registry import RegisteredNetwork
from training.recipes.notebook import notebook
from training.recipes.recipe import Recipe

# CSCE633: x / 255 - 0.5.
CSCE633: dict[str, Any] = {'value_range': (-0.5, 0.5), 'batch_size': 256}
FINE_TUNED: dict[str, Any] = {**CSCE633, 'colour': 'rgb', 'weights': 'imagenet'}

# GR5243: scikit-learn's `train_test_split`, without proportions, of all 35,887 pictures.
GR5243: dict[str, Any] = {
    'selection': Selection(
        split_by='random', fractions=(28709 / 35887, 7178 / 35887, 0.0), stratified=False
    ),
    'value_range': (0.0, 255.0),
}

# Facial emotion detection: ImageDataGenerator of all three sets, and EarlyStopping.
FED_AUGMENTATION: Augmentation = replace(
    NO_AUGMENTATION,
    flip=True,
    shift=0.2,
    rotation_deg=60,
    shear_deg=0.2,
    brightness_factor=(0.5, 1.5),
)
FED: dict[str, Any] = {
    'selection': Selection(classes=('neutral', 'surprise', 'happy', 'sad')),
    'augmentation': FED_AUGMENTATION,
    'augment_validation': True,
}
FED_STOPPING: dict[str, Any] = {'epochs': 100, 'stopping_monitor': 'loss', 'min_delta': 5e-4}


def published(network: str, name: str = '', scaled: bool = False, **settings: Any) -> Recipe:
    """
    Create a recipe as the sources train: Keras's defaults, and the weights of the last epoch.

    Keras keeps the incomplete last batch, its default batch has 32 pictures, and its Adam has the
    learning rate 1e-3.  The sources knew no votes, so pictures without a face are not left out.

    :param network: name of the network.
    :param name: name of the recipe; empty for the name of the network and `_source`.
    :param scaled: whether a backbone gets the values that its weights expect.
    :param settings: fields of `Recipe` that differ from these common settings.
    :return: the recipe.
    """
    common = notebook(
        name or f'{network}_source',
        build=RegisteredNetwork(network, scaled=scaled),
        batch_size=32,
        learning_rate=1e-3,
        keep_last=True,
        faces_only=False,
        chosen_epoch='last',
    )
    return replace(common, **settings)
