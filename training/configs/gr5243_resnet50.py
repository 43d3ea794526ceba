"""
ResNet50 of ImageNet with a dense layer on top, from the GR5243 project.

Run it with `python -m training train gr5243_resnet50`; with `--smoke` it goes through all the
steps on 64 pictures.  It wants the weights of ImageNet, which Keras downloads; `--weights PATH`
takes a file of them, `--weights none` begins from chance.
"""

from training.architectures.registry import RegisteredNetwork
from training.augmentation import NO_AUGMENTATION
from training.config import TrainingConfig

CONFIG = TrainingConfig(
    name='gr5243_resnet50',
    build=RegisteredNetwork('gr5243_resnet50'),
    heads={'labels': 1.0},
    colour='rgb',
    value_range=(0.0, 1.0),
    weights='imagenet',
    epochs=10,
    batch_size=64,
    optimizer='adam',
    learning_rate=1e-4,
    schedule='constant',
    warmup_epochs=0,
    weight_decay=0.0,
    label_smoothing=0.0,
    augmentation=NO_AUGMENTATION,
    average=0.0,
)
