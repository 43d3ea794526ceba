"""
Fully connected network 2 of the CSCE633 project: elu with dropout, three hidden layers.

Run it with `python -m training train csce633_fnn2`.  `--smoke` runs all steps on 64 pictures.  The
source trains with Adam at 1e-3 in batches of 256 for 20 epochs, on values from -0.5 to 0.5 without
augmentation, and measures the last epoch.  This recipe standardises the values and adds mirroring
and small shifts, a lower learning rate with the schedule plateau, and early stopping.
"""

from training.recipes.notebook import DENSE
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_fnn2', **DENSE)
