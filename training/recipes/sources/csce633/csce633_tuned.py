"""
The small convolutional network that the CSCE633 project tuned by Bayesian search.

Run it with `python -m training train csce633_tuned`.  `--smoke` runs all steps on 64 pictures.
The source chose the kernel, the dropout, the activation and the optimizer by their accuracy on
validation after 10 epochs with Adam at 1e-3 in batches of 256.  The values are from -0.5 to 0.5,
without augmentation.  This recipe adds mirroring, shifts, zoom and rotation, a lower learning rate
with the schedule plateau, and early stopping.  `python -m training tune csce633_pairs` searches
for these settings.
"""

from training.recipes.notebook import CONVOLUTIONAL
from training.recipes.notebook import notebook

RECIPE = notebook('csce633_tuned', **CONVOLUTIONAL)
