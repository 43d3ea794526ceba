"""
Convolutional network 3 of the CSCE633 project: strides, elu and L1 penalties.

Run it with `python -m training train csce633_cnn3`; with `--smoke` it goes through all the steps
on 64 pictures.  The widths, activations, dropout and penalties are its source's; the optimizer,
the batch, the epochs and the augmentation are chosen here.

Its penalties, taken as its source gives them, shrink the weights faster than the pictures teach
them: with them it says the most frequent emotion of every picture (see `training/RESULTS.md`).
"""

from training.architectures.registry import RegisteredNetwork
from training.augmentation import AugmentationConfig
from training.config import TrainingConfig

CONFIG = TrainingConfig(
    name='csce633_cnn3',
    build=RegisteredNetwork('csce633_cnn3'),
    heads={'labels': 1.0},
    value_range=(0.0, 1.0),
    epochs=40,
    batch_size=128,
    optimizer='adam',
    learning_rate=5e-4,
    schedule='plateau',
    warmup_epochs=0,
    plateau_factor=0.3,
    plateau_patience=3,
    early_stopping=7,
    weight_decay=0.0,
    label_smoothing=0.0,
    augmentation=AugmentationConfig(
        shift=0.1,
        scale=0.1,
        rotation_deg=10,
        brightness=0.0,
        contrast=0.0,
        erase_probability=0.0,
        mixup=0.0,
    ),
    average=0.0,
)
