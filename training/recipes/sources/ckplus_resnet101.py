"""
ResNet101 with weights of ImageNet, all layers fine-tuned on CK+.

Run it with `python -m training train ckplus_resnet101`.  `--smoke` runs all steps on 64 pictures.
The source trains on 785 random pictures for 50 epochs at 1e-4 in batches of 8, and reports the
best epoch on the other 196.  It tells neither the optimizer nor an augmentation.  CK+ has three
nearly equal pictures of each sequence, so a random split tests on pictures that nearly occur in
the training set.  `--split-by subject` avoids this.  This recipe has Adam and mirroring, and
splits a random tenth off for the choice of the epoch, apart from the fifth for the test.  Keras
downloads the weights of ImageNet, or `--weights PATH` loads them from a file.  `--weights none`
starts from random weights.
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
