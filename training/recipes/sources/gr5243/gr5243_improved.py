"""
The improved network of the GR5243 project.

Run it with `python -m training train gr5243_improved`; with `--smoke` it goes through all the
steps on 64 pictures.  Ten epochs, as its source; the batch and the learning rate are chosen here.
"""

from training.recipes.notebook import notebook

RECIPE = notebook(
    'gr5243_improved',
    epochs=10,
    batch_size=64,
    learning_rate=1e-3,
)
