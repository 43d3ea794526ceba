"""
Convolutional network 1 of the CSCE633 project: two blocks of two convolutions.

Run it with `python -m training train csce633_cnn1`.  `--smoke` runs all steps on 64 pictures.  The
source specifies the widths, activations, dropout and penalties.  This recipe chooses the
optimizer, the batch size, the epochs and the augmentation.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_cnn1', **CONVOLUTIONAL)
