"""
Convolutional network 1 of the CSCE633 project: two blocks of two convolutions.

Run it with `python -m training train csce633_cnn1`.  `--smoke` runs all steps on 64 pictures.  The
source trains with Adam at 1e-3 in batches of 256 for 15 epochs, on values from -0.5 to 0.5 without
augmentation, and measures the last epoch.  This recipe adds mirroring, shifts, zoom and rotation,
a lower learning rate with the schedule plateau, and early stopping.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_cnn1', **CONVOLUTIONAL)
