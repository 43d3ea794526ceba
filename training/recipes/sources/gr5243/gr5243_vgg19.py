"""
The network that the GR5243 project calls VGG19: eight convolutions in pairs.

Run it with `python -m training train gr5243_vgg19`.  `--smoke` runs all steps on 64 pictures.  The
source trains for 10 epochs with Adam at 1e-3 in batches of 32, on values from 0 to 255 and a
random 80 % of all pictures, and measures the last epoch on the other 20 %.  This recipe has the
official splits, values from 0 to 1, batches of 64 and the learning rate 3e-4, and selects the
epoch by the validation accuracy.
"""

from training.recipes.notebook import notebook

RECIPE = notebook(
    'gr5243_vgg19',
    epochs=10,
    batch_size=64,
    learning_rate=3e-4,
)
