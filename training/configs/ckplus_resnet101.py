"""
ResNet101 of ImageNet, fine-tuned as a whole on CK+.

Run it with `python -m training train ckplus_resnet101`; with `--smoke` it goes through all the
steps on 64 pictures.  Its source tests on a random fifth; as CK+ has three nearly equal pictures
of each sequence, that measures memory.  `--split-by subject` is the sound protocol.  It wants the
weights of ImageNet, which Keras downloads; `--weights PATH` takes a file of them, `--weights
none` begins from chance.
"""

from training.architectures.registry import RegisteredNetwork
from training.augmentation import AugmentationConfig
from training.config import TrainingConfig
from training.selection import Selection

CONFIG = TrainingConfig(
    name='ckplus_resnet101',
    build=RegisteredNetwork('ckplus_resnet101'),
    heads={'labels': 1.0},
    selection=Selection(split_by='random', fractions=(0.7, 0.1, 0.2)),
    dataset='ckplus',
    colour='rgb',
    value_range=(0.0, 1.0),
    weights='imagenet',
    epochs=50,
    batch_size=8,
    optimizer='adam',
    learning_rate=1e-4,
    schedule='constant',
    warmup_epochs=0,
    weight_decay=0.0,
    label_smoothing=0.0,
    augmentation=AugmentationConfig(
        shift=0.0,
        scale=0.0,
        rotation_deg=0,
        brightness=0.0,
        contrast=0.0,
        erase_probability=0.0,
        mixup=0.0,
    ),
    average=0.0,
)
