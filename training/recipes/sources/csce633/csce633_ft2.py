"""
Dense layers on a frozen MobileNetV2 with weights of ImageNet, from the CSCE633 project.

Run it with `python -m training train csce633_ft2`.  `--smoke` runs all steps on 64 pictures.
Keras downloads the weights of ImageNet, or `--weights PATH` loads them from a file.  With
`--weights none`, the frozen backbone is random, and the dense layers learn almost nothing.
"""

from training.recipes.notebook import notebook

RECIPE = notebook(
    'csce633_ft2',
    colour='rgb',
    weights='imagenet',
    epochs=20,
    learning_rate=1e-3,
    early_stopping=5,
)
