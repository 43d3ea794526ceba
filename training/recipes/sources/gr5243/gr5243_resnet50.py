"""
ResNet50 of ImageNet with a dense layer on top, from the GR5243 project.

Run it with `python -m training train gr5243_resnet50`; with `--smoke` it goes through all the
steps on 64 pictures.  It wants the weights of ImageNet, which Keras downloads; `--weights PATH`
takes a file of them, `--weights none` begins from chance.
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
