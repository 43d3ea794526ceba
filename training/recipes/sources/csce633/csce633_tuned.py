"""
The small convolutional network that the CSCE633 project tuned by Bayesian search.

Run it with `python -m training train csce633_tuned`; with `--smoke` it goes through all the steps
on 64 pictures.  Kernels and dropout are its source's; the optimizer, the batch, the epochs and
the augmentation are chosen here.  `python -m training tune` has the search itself.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_tuned', **CONVOLUTIONAL)
