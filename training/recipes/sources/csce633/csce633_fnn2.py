"""
Fully connected network 2 of the CSCE633 project: elu with dropout, three hidden layers.

Run it with `python -m training train csce633_fnn2`; with `--smoke` it goes through all the steps
on 64 pictures.  The widths, activations, dropout and penalties are its source's; the optimizer,
the batch, the epochs and the augmentation are chosen here.
"""

from training.recipes.notebook import DENSE
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_fnn2', **DENSE)
