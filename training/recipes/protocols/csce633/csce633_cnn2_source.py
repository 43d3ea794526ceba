"""
Convolutional network 2 of the CSCE633 project, with its protocol.

Run it with `python -m training train csce633_cnn2_source`.  `--smoke` runs all steps on 64
pictures.  `csce633_cnn2` is the improved recipe.
"""

from training.recipes.as_published import CSCE633
from training.recipes.as_published import published

RECIPE = published(
    'csce633_cnn2',
    epochs=20,
    **CSCE633,
)
