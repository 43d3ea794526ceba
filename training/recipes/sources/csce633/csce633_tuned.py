"""
The small convolutional network that the CSCE633 project tuned by Bayesian search.

Run it with `python -m training train csce633_tuned`.  `--smoke` runs all steps on 64 pictures.
The source specifies the kernels and the dropout.  This recipe chooses the optimizer, the batch
size, the epochs and the augmentation.  `python -m training tune` repeats the search.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_tuned', **CONVOLUTIONAL)
