"""
Pretrained ResNet50 with dense layers on top, from the GR5243 project.

Run it with `python -m training train gr5243_resnet50`.  `--smoke` runs all steps on 64 pictures.
Keras downloads the weights of ImageNet, or `--weights PATH` loads them from a file.  `--weights
none` starts from random weights.
"""

from training.recipes.notebook import notebook

RECIPE = notebook(
    'gr5243_resnet50',
    colour='rgb',
    weights='imagenet',
    epochs=10,
    batch_size=64,
    learning_rate=1e-4,
)
