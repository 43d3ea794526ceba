"""
ResNet101 of ImageNet, fine-tuned as a whole on CK+.

Run it with `python -m training train ckplus_resnet101`; with `--smoke` it goes through all the
steps on 64 pictures.  Its source tests on a random fifth; as CK+ has three nearly equal pictures
of each sequence, that measures memory.  `--split-by subject` is the sound protocol.  It wants the
weights of ImageNet, which Keras downloads; `--weights PATH` takes a file of them, `--weights
none` begins from chance.
"""

from dataclasses import replace

from training.data.augmentation import NO_AUGMENTATION
from training.data.selection import Selection
from training.recipes.notebook import notebook

RECIPE = notebook(
    'ckplus_resnet101',
    dataset='ckplus',
    selection=Selection(split_by='random', fractions=(0.7, 0.1, 0.2)),
    colour='rgb',
    weights='imagenet',
    epochs=50,
    batch_size=8,
    learning_rate=1e-4,
    augmentation=replace(NO_AUGMENTATION, flip=True),
)
