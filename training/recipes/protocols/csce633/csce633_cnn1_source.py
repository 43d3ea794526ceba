"""
Convolutional network 1 of the CSCE633 project, with its protocol.

Run it with `python -m training train csce633_cnn1_source`.  `--smoke` runs all steps on 64
pictures.  `csce633_cnn1` is the improved recipe.
"""

from training.recipes.as_published import CSCE633
from training.recipes.as_published import published

RECIPE = published(
    'csce633_cnn1',
    epochs=15,
    **CSCE633,
)
