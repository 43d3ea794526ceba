"""
Fully connected network 4 of the CSCE633 project: elu, five hidden layers, the last relu.

Run it with `python -m training train csce633_fnn4`.  `--smoke` runs all steps on 64 pictures.  The
source specifies the widths, activations, dropout and penalties.  This recipe chooses the
optimizer, the batch size, the epochs and the augmentation.
"""

from training.recipes.notebook import DENSE
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_fnn4', **DENSE)
