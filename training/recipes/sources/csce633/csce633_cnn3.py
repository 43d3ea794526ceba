"""
Convolutional network 3 of the CSCE633 project: strides, elu and L1 penalties.

Run it with `python -m training train csce633_cnn3`.  `--smoke` runs all steps on 64 pictures.  The
source trains with Adam at 1e-3 in batches of 256 for 20 epochs, on values from -0.5 to 0.5 without
augmentation, and measures the last epoch.  This recipe adds mirroring, shifts, zoom and rotation,
a lower learning rate with the schedule plateau, and early stopping.

This recipe has values from 0 to 255.  Compared with the values of the source, the gradients of the
loss then are larger, and the L1 penalties matter less.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_cnn3', **{**CONVOLUTIONAL, 'value_range': (0.0, 255.0)})
