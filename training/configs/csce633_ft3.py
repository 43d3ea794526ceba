"""
Dense layers on a frozen MobileNetV2, with penalties of ImageNet, from the CSCE633 project.

Run it with `python -m training train csce633_ft3`; with `--smoke` it goes through all the steps
on 64 pictures.  It wants the weights of ImageNet, which Keras downloads; `--weights PATH` takes a
file of them, `--weights none` begins from chance, which teaches the dense layers on top of a
frozen body of chance next to nothing.
"""

from training.architectures.registry import RegisteredNetwork
from training.augmentation import NO_AUGMENTATION
from training.config import TrainingConfig

CONFIG = TrainingConfig(
    name='csce633_ft3',
    build=RegisteredNetwork('csce633_ft3'),
    heads={'labels': 1.0},
    colour='rgb',
    value_range=(0.0, 1.0),
    weights='imagenet',
    epochs=20,
    batch_size=128,
    optimizer='adam',
    learning_rate=1e-3,
    schedule='constant',
    warmup_epochs=0,
    early_stopping=5,
    weight_decay=0.0,
    label_smoothing=0.0,
    augmentation=NO_AUGMENTATION,
    average=0.0,
)
