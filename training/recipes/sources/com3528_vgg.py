"""
The VGG with batch normalisation of the COM3528 robot project.

Run it with `python -m training train com3528_vgg`.  `--smoke` runs all steps on 64 pictures.  The
document of the source has the layers and the log of 100 epochs in 448 batches of 64.  It tells
neither the optimizer nor the learning rate nor the augmentation, and has no early stopping.  This
recipe chooses Adam, the schedule plateau, early stopping and the augmentation.
"""

from dataclasses import replace

from training.data.augmentation import NO_AUGMENTATION
from training.recipes.notebook import notebook

RECIPE = notebook(
    'com3528_vgg',
    standardise=True,
    epochs=100,
    batch_size=64,
    learning_rate=1e-3,
    schedule='plateau',
    plateau_factor=0.3,
    early_stopping=15,
    augmentation=replace(
        NO_AUGMENTATION,
        flip=True,
        shift=0.2,
        rotation_deg=10,
        shear=0.2,
        brightness_factor=(0.5, 1.5),
    ),
)
