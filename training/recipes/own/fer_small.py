"""
A small residual network that learns both label sets of FER2013 at once: 2.2 M parameters.

Run it with `python -m training train fer_small`; with `--smoke` it goes through all the steps on
64 pictures.  It begins from chance, and is what there was before `fer_mobile`.  A run took 51
minutes on two cores of an AMD EPYC (Zen 4, bfloat16) that others used at the same time; 24 epochs
of 74 to 213 s.  PublicTest chose epoch 23: 63.6 % on FER2013's labels, 82.3 % on the FER+
majority.  Then, by `python -m training evaluate --model NAME --split private`: 64.1 % (macro-F1
0.571) and 81.3 % (macro-F1 0.574).  One seed; the loss was still falling, more epochs would help.
"""

from training.data.augmentation import Augmentation
from training.networks.residual import ResidualNetwork
from training.recipes.recipe import Recipe

RECIPE = Recipe(
    name='fer_small',
    # Most of its parameters work on 6x6 pixels.
    build=ResidualNetwork(
        'fer_small', stem=48, widths=(48, 96, 192), blocks=(1, 2, 3), dropout=0.2
    ),
    heads={'fer2013': 0.5, 'ferplus': 0.5},
    sides=((0.0, 32), (0.5, 40), (0.75, 48)),
    epochs=24,
    batch_size=128,
    learning_rate=0.06,
    warmup_epochs=1,
    weight_decay=1e-3,
    label_smoothing=0.1,
    augmentation=Augmentation(
        shift=0.1,
        scale=0.15,
        rotation_deg=12,
        brightness=0.15,
        contrast=0.25,
        erase_probability=0.15,
        mixup=0.1,
    ),
    average=0.998,
    precision='mixed_bfloat16',
    seed=0,
)
