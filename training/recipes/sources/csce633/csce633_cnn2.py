"""
Convolutional network 2 of the CSCE633 project: wider, with L2 penalties.

Run it with `python -m training train csce633_cnn2`; with `--smoke` it goes through all the steps
on 64 pictures.  The widths, activations, dropout and penalties are its source's; the optimizer,
the batch, the epochs and the augmentation are chosen here.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_cnn2', **CONVOLUTIONAL)
