"""
Convolutional network 3 of the CSCE633 project: strides, elu and L1 penalties.

Run it with `python -m training train csce633_cnn3`; with `--smoke` it goes through all the steps
on 64 pictures.  The widths, activations, dropout and penalties are its source's; the optimizer,
the batch, the epochs and the augmentation are chosen here.

Its L1 penalties pull each weight to zero by more than pictures with values from 0 to 1 push it
away: the network then says the most frequent emotion of every picture (24.7 %).  With values from
0 to 255, which the source does not rule out, the push is 255 times as strong, and it learns:
54.2 % on PrivateTest after 16 epochs of 36 to 64 s on two cores, and still rising.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_cnn3', **{**CONVOLUTIONAL, 'value_range': (0.0, 255.0)})
