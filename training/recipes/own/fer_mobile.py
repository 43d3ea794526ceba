"""
MobileNetV2, begun from ImageNet, that learns both label sets of FER2013 at once: 2.3 M parameters.

Run it with `python -m training train fer_mobile --weights mobilenet_v2.npz`, where the file has
torchvision's weights of MobileNetV2 (BSD-3-Clause) by the names of its state dict; without
`--weights`, Keras downloads its own.  With `--smoke` it goes through all the steps on 64 pictures.

The run that taught `fer_mobile_distilled`, whose weights ship, took 78 minutes on PyTorch
(`KERAS_BACKEND=torch`) on two cores of an AMD EPYC (Zen 5, bfloat16) that others used at the same
time; 30 epochs of 116 to 354 s.  PublicTest chose epoch 26: 69.7 % on FER2013's labels, 86.9 % on
the FER+ majority.  Then, by `python -m training evaluate --model NAME --split private`: 70.5 %
(macro-F1 0.685) and 85.9 % (macro-F1 0.672).  One seed; nothing of it was searched for.
"""

from training.data.augmentation import Augmentation
from training.networks.mobile import MobileNetwork
from training.recipes.recipe import Recipe

RECIPE = Recipe(
    name='fer_mobile',
    build=MobileNetwork('fer_mobile', dropout=0.2, frozen_blocks=2),
    weights='imagenet',
    heads={'fer2013': 0.5, 'ferplus': 0.5},
    value_range=(-1.0, 1.0),
    epochs=30,
    batch_size=128,
    learning_rate=0.04,
    warmup_epochs=1,
    weight_decay=4e-3,
    label_smoothing=0.1,
    augmentation=Augmentation(
        shift=0.1,
        scale=0.15,
        rotation_deg=12,
        brightness=0.15,
        contrast=0.25,
        erase_probability=0.2,
        degrade_probability=0.15,
        mixup=0.2,
    ),
    average=0.9985,
    precision='mixed_bfloat16',
    seed=0,
)
