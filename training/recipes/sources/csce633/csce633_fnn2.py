"""
Fully connected network 2 of the CSCE633 project: elu with dropout, three hidden layers.

Run it with `python -m training train csce633_fnn2`.  `--smoke` runs all steps on 64 pictures.  The
source specifies the widths, activations, dropout and penalties.  This recipe chooses the
optimizer, the batch size, the epochs and the augmentation.
"""

from training.recipes.notebook import DENSE
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_fnn2', **DENSE)
