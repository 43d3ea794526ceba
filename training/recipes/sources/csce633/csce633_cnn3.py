"""
Convolutional network 3 of the CSCE633 project: strides, elu and L1 penalties.

Run it with `python -m training train csce633_cnn3`.  `--smoke` runs all steps on 64 pictures.  The
source specifies the widths, activations, dropout and penalties.  This recipe chooses the
optimizer, the batch size, the epochs and the augmentation.

The source has values from -0.5 to 0.5.  This recipe has values from 0 to 255, because the L1
penalties are then small compared with the gradients of the loss.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_cnn3', **{**CONVOLUTIONAL, 'value_range': (0.0, 255.0)})
