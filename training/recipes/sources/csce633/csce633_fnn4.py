"""
Fully connected network 4 of the CSCE633 project: elu, five hidden layers, the last relu.

Run it with `python -m training train csce633_fnn4`; with `--smoke` it goes through all the steps
on 64 pictures.  The widths, activations, dropout and penalties are its source's; the optimizer,
the batch, the epochs and the augmentation are chosen here.
"""

from training.recipes.notebook import DENSE
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_fnn4', **DENSE)
