"""
Fully connected network 4 of the CSCE633 project: elu, five hidden layers, the last relu.

Run it with `python -m training train csce633_fnn4`.  `--smoke` runs all steps on 64 pictures.  The
source trains with Adam at 1e-3 in batches of 256 for 20 epochs, on values from -0.5 to 0.5 without
augmentation, and measures the last epoch.  This recipe standardises the values and adds mirroring
and small shifts, a lower learning rate with the schedule plateau, and early stopping.
"""

from training.recipes.notebook import DENSE
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_fnn4', **DENSE)
