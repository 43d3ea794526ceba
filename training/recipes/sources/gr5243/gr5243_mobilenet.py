"""
Pretrained MobileNetV2 with a convolution and dense layers on top, from the GR5243 project.

Run it with `python -m training train gr5243_mobilenet`.  `--smoke` runs all steps on 64 pictures.
The source trains for 10 epochs with Adam at 1e-3 in batches of 32, on values from 0 to 255 and a
random 80 % of all pictures, and measures the last epoch on the other 20 %.  This recipe has the
official splits, the values that the weights expect, batches of 64 and the learning rate 1e-4, and
selects the epoch by the validation accuracy.  Keras downloads the weights of ImageNet, or
`--weights PATH` loads them from a file.  `--weights none` starts from random weights.
"""

from training.recipes.notebook import notebook

RECIPE = notebook(
    'gr5243_mobilenet',
    colour='rgb',
    weights='imagenet',
    epochs=10,
    batch_size=64,
    learning_rate=1e-4,
)
