"""
Dense layers on a frozen ResNet50 with weights of ImageNet, from the CSCE633 project.

Run it with `python -m training train csce633_ft1`.  `--smoke` runs all steps on 64 pictures.  The
source trains with Adam at 1e-3 in batches of 256 for 10 epochs without early stopping, and gives
the backbone values from -0.5 to 0.5.  This recipe gives the backbone the values that its weights
expect, trains for up to 20 epochs in batches of 128, and stops early.  Keras downloads the weights
of ImageNet, or `--weights PATH` loads them from a file.  With `--weights none`, the frozen
backbone is random, and the dense layers learn almost nothing.
"""

from training.recipes.notebook import notebook

RECIPE = notebook(
    'csce633_ft1',
    colour='rgb',
    weights='imagenet',
    epochs=20,
    learning_rate=1e-3,
    early_stopping=5,
)
