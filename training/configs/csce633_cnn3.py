"""
Convolutional network 3 of the CSCE633 project: strides, elu and L1 penalties.

Run it with `python -m training train csce633_cnn3`; with `--smoke` it goes through all the steps
on 64 pictures.  The widths, activations, dropout and penalties are its source's; the optimizer,
the batch, the epochs and the augmentation are chosen here.

Its penalties, taken as its source gives them, shrink the weights faster than the pictures teach
them: with them it says the most frequent emotion of every picture (see `training/RESULTS.md`).
"""

from training.notebooks import CONVOLUTIONAL
from training.notebooks import notebook

CONFIG = notebook('csce633_cnn3', **CONVOLUTIONAL)
