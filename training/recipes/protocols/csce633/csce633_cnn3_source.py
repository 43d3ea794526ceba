"""
Convolutional network 3 of the CSCE633 project, with its protocol.

Run it with `python -m training train csce633_cnn3_source`.  `--smoke` runs all steps on 64
pictures.  `csce633_cnn3` is the improved recipe.
"""

from training.recipes.as_published import CSCE633
from training.recipes.as_published import published

RECIPE = published(
    'csce633_cnn3',
    epochs=20,
    **CSCE633,
)
