"""
A small residual network with the label sets FER2013 and FER+: 2.2 M parameters.

Run it with `python -m training train fer_small`.  `--smoke` runs all steps on 64 pictures.  The
network starts from random weights.  This project used it before `fer_mobile`.

A run took 51 minutes: 24 epochs of 74 to 213 s on two shared cores of an AMD EPYC (Zen 4,
bfloat16).  Epoch 23 was best on PublicTest: 63.6 % on the labels of FER2013, 82.3 % on the FER+
majority.  `python -m training evaluate --model NAME --split private` then measured 64.1 %
(macro-F1 0.571) and 81.3 % (macro-F1 0.574).  Only one seed was run.  The loss was still falling,
so more epochs would help.
"""

from training.data.augmentation import Augmentation
from training.networks.residual import ResidualNetwork
from training.recipes.recipe import Recipe

RECIPE = Recipe(
    name='fer_small',
    # Most parameters of the network are in the stage with 6x6 pixels.
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
