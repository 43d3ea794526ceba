"""
Dense layers on a frozen MobileNetV2 of ImageNet, from the CSCE633 project.

Run it with `python -m training train csce633_ft2`; with `--smoke` it goes through all the steps
on 64 pictures.  It wants the weights of ImageNet, which Keras downloads; `--weights PATH` takes a
file of them, `--weights none` begins from chance, which teaches the dense layers on top of a
frozen body of chance next to nothing.
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
