"""
Model 1 of the facial emotion detection notebooks: four emotions.

Run it with `python -m training train fed_model1`; with `--smoke` it goes through all the steps on
64 pictures.  The learning rate is its source's; the batch and the epochs are chosen here.
"""

from training.architectures.registry import RegisteredNetwork
from training.augmentation import AugmentationConfig
from training.config import TrainingConfig
from training.selection import Selection

CONFIG = TrainingConfig(
    name='fed_model1',
    build=RegisteredNetwork('fed_model1'),
    heads={'labels': 1.0},
    selection=Selection(classes=('happy', 'sad', 'surprise', 'neutral')),
    value_range=(0.0, 1.0),
    standardise=True,
    epochs=35,
    batch_size=32,
    optimizer='adam',
    learning_rate=1.0629e-4,
    schedule='constant',
    warmup_epochs=0,
    early_stopping=10,
    weight_decay=0.0,
    label_smoothing=0.0,
    augmentation=AugmentationConfig(
        shift=0.05,
        scale=0.0,
        rotation_deg=0,
        brightness=0.0,
        contrast=0.0,
        erase_probability=0.0,
        mixup=0.0,
    ),
    average=0.0,
)
