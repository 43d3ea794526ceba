"""
The MobileNetV2 network of the GR5243 notebooks, with its protocol.

Run it with `python -m training train gr5243_mobilenet_source`.  `--smoke` runs all steps on 64
pictures.  The backbone gets values from 0 to 255, which its weights do not expect.
`gr5243_mobilenet` is the improved recipe.
"""

from training.recipes.as_published import GR5243
from training.recipes.as_published import published

RECIPE = published(
    'gr5243_mobilenet',
    epochs=10,
    colour='rgb',
    weights='imagenet',
    **GR5243,
)
