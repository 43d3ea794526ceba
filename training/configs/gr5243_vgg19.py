"""
What the GR5243 project calls VGG19: eight convolutions in pairs.

Run it with `python -m training train gr5243_vgg19`; with `--smoke` it goes through all the steps
on 64 pictures.  Ten epochs, as its source; the batch and the learning rate are chosen here.
"""

from training.architectures.registry import RegisteredNetwork
from training.augmentation import NO_AUGMENTATION
from training.config import TrainingConfig

CONFIG = TrainingConfig(
    name='gr5243_vgg19',
    build=RegisteredNetwork('gr5243_vgg19'),
    heads={'labels': 1.0},
    value_range=(0.0, 1.0),
    epochs=10,
    batch_size=64,
    optimizer='adam',
    learning_rate=3e-4,
    schedule='constant',
    warmup_epochs=0,
    weight_decay=0.0,
    label_smoothing=0.0,
    augmentation=NO_AUGMENTATION,
    average=0.0,
)
