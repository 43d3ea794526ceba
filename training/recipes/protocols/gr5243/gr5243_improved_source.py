"""
The improved network of the GR5243 notebooks, with its protocol.

Run it with `python -m training train gr5243_improved_source`.  `--smoke` runs all steps on 64
pictures.  `gr5243_improved` is the improved recipe.
"""

from training.recipes.as_published import GR5243
from training.recipes.as_published import published

RECIPE = published(
    'gr5243_improved',
    epochs=10,
    **GR5243,
)
