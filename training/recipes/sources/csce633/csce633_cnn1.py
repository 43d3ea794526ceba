"""
Convolutional network 1 of the CSCE633 project: two blocks of two convolutions.

Run it with `python -m training train csce633_cnn1`; with `--smoke` it goes through all the steps
on 64 pictures.  The widths, activations, dropout and penalties are its source's; the optimizer,
the batch, the epochs and the augmentation are chosen here.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_cnn1', **CONVOLUTIONAL)
