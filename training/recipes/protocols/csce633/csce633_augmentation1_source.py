"""
Convolutional network 1 of the CSCE633 project with augmentation 1, and its protocol.

Run it with `python -m training train csce633_augmentation1_source`.  `--smoke` runs all steps on
64 pictures.  The source trains on augmented and whitened pictures, and measures pictures without
whitening.  The whitening of this project subtracts the mean of each pixel; that of Keras subtracts
one mean of all pixels.
"""

from dataclasses import replace

from training.data.augmentation import NO_AUGMENTATION
from training.recipes.as_published import CSCE633
from training.recipes.as_published import published

RECIPE = published(
    'csce633_cnn1',
    name='csce633_augmentation1_source',
    epochs=10,
    **{**CSCE633, 'batch_size': 32},
    whitening=True,
    whitening_in_training_only=True,
    augmentation=replace(
        NO_AUGMENTATION, flip=True, vertical_flip=True, shift=0.2, rotation_deg=90
    ),
)
