"""
Fully connected network 1 of the CSCE633 project: relu, four hidden layers.

Run it with `python -m training train csce633_fnn1`.  `--smoke` runs all steps on 64 pictures.  The
source specifies the widths, activations, dropout and penalties.  This recipe chooses the
optimizer, the batch size, the epochs and the augmentation.
"""

from training.recipes.notebook import DENSE
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_fnn1', **DENSE)
