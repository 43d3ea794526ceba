"""
Mini-Xception (Arriaga et al. 2017, arXiv:1710.07557), the network of PyPI's `fer`.

Run it with `python -m training train mini_xception`; with `--smoke` it goes through all the steps
on 64 pictures.  The paper's repository trains for up to 10,000 epochs with plateau and early
stopping; the epochs are cut here.  It is compiled by XLA, as the oneDNN kernels of TensorFlow
2.21 end the process on this network.
"""

from training.architectures.registry import RegisteredNetwork
from training.augmentation import AugmentationConfig
from training.config import TrainingConfig

CONFIG = TrainingConfig(
    name='mini_xception',
    build=RegisteredNetwork('mini_xception'),
    heads={'labels': 1.0},
    side=64,
    value_range=(-1.0, 1.0),
    epochs=110,
    batch_size=32,
    optimizer='adam',
    learning_rate=1e-3,
    schedule='plateau',
    warmup_epochs=0,
    plateau_factor=0.1,
    plateau_patience=12,
    monitor='loss',
    early_stopping=50,
    weight_decay=0.0,
    label_smoothing=0.0,
    xla=True,
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
