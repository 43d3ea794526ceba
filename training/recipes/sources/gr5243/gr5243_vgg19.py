"""
The network that the GR5243 project calls VGG19: eight convolutions in pairs.

Run it with `python -m training train gr5243_vgg19`.  `--smoke` runs all steps on 64 pictures.  The
source trains for ten epochs too.  This recipe chooses the batch size and the learning rate.
"""

from training.recipes.notebook import notebook

RECIPE = notebook(
    'gr5243_vgg19',
    epochs=10,
    batch_size=64,
    learning_rate=3e-4,
)
