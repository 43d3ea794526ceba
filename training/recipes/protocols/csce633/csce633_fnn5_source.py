"""
Fully connected network 5 of the CSCE633 project, with its protocol.

Run it with `python -m training train csce633_fnn5_source`.  `--smoke` runs all steps on 64
pictures.  `csce633_fnn5` is the improved recipe.
"""

from training.recipes.as_published import CSCE633
from training.recipes.as_published import published

RECIPE = published(
    'csce633_fnn5',
    epochs=20,
    **CSCE633,
)
