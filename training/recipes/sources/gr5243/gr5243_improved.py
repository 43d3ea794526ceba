"""
The improved network of the GR5243 project.

Run it with `python -m training train gr5243_improved`.  `--smoke` runs all steps on 64 pictures.
The source trains for 10 epochs with Adam at 1e-3 in batches of 32, on values from 0 to 255 and a
random 80 % of all pictures, and measures the last epoch on the other 20 %.  This recipe has the
official splits, values from 0 to 1 and batches of 64, and selects the epoch by the validation
accuracy.
"""

from training.recipes.notebook import notebook

RECIPE = notebook(
    'gr5243_improved',
    epochs=10,
    batch_size=64,
    learning_rate=1e-3,
)
