"""
The tuned convolutional network of the CSCE633 project, with its protocol.

Run it with `python -m training train csce633_tuned_source`.  `--smoke` runs all steps on 64
pictures.  `csce633_tuned` is the improved recipe.
"""

from training.recipes.as_published import CSCE633
from training.recipes.as_published import published

RECIPE = published(
    'csce633_tuned',
    epochs=10,
    **CSCE633,
)
