"""
The VGG with batch normalisation of the COM3528 robot project.

Run it with `python -m training train com3528_vgg`; with `--smoke` it goes through all the steps
on 64 pictures.  Shifts, brightness, shear and rotation are as in its source; the optimizer, the
batch and the epochs are chosen here.
"""

from training.architectures.registry import RegisteredNetwork
from training.augmentation import AugmentationConfig
from training.config import TrainingConfig

CONFIG = TrainingConfig(
    name='com3528_vgg',
    build=RegisteredNetwork('com3528_vgg'),
    heads={'labels': 1.0},
    value_range=(0.0, 1.0),
    standardise=True,
    epochs=100,
    batch_size=64,
    optimizer='adam',
    learning_rate=1e-3,
    schedule='plateau',
    warmup_epochs=0,
    plateau_factor=0.3,
    plateau_patience=5,
    early_stopping=15,
    weight_decay=0.0,
    label_smoothing=0.0,
    augmentation=AugmentationConfig(
        shift=0.2,
        scale=0.0,
        rotation_deg=10,
        shear=0.2,
        brightness=0.0,
        brightness_factor=(0.5, 1.5),
        contrast=0.0,
        erase_probability=0.0,
        mixup=0.0,
    ),
    average=0.0,
)
