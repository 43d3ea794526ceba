"""
Convolutional network 3 of the CSCE633 project: strides, elu and L1 penalties.

Run it with `python -m training train csce633_cnn3`.  `--smoke` runs all steps on 64 pictures.  The
source specifies the widths, activations, dropout and penalties.  This recipe chooses the
optimizer, the batch size, the epochs and the augmentation.

With input values from 0 to 1, the L1 penalties outweigh the gradients of the loss.  The penalised
weights shrink to zero, and the network predicts the most frequent emotion for every picture (24.7
%).  Values from 0 to 255, which the source does not rule out, make these gradients 255 times as
large.  With values from 0 to 255, the network reached 54.2 % on PrivateTest after 16 epochs of 36
to 64 s on two cores, and its accuracy was still rising.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_cnn3', **{**CONVOLUTIONAL, 'value_range': (0.0, 255.0)})
