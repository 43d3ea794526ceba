"""
Fine-tuned network 1 of the CSCE633 project, with its protocol.

Run it with `python -m training train csce633_ft1_source`.  `--smoke` runs all steps on 64
pictures.  The backbone gets values from -0.5 to 0.5, which its weights do not expect.
`csce633_ft1` is the improved recipe.
"""

from training.recipes.as_published import FINE_TUNED
from training.recipes.as_published import published

RECIPE = published(
    'csce633_ft1',
    epochs=10,
    **FINE_TUNED,
)
