"""
MobileNetV2, initialised from ImageNet, with the label sets FER2013 and FER+: 2.3 M parameters.

Run it with `python -m training train fer_mobile --weights mobilenet_v2.npz`.  The file has
torchvision's weights of MobileNetV2 (BSD-3-Clause), keyed by the names of its state dict.  Without
`--weights`, Keras downloads its own weights.  `--smoke` runs all steps on 64 pictures.

The run that is the teacher of `fer_mobile_distilled`, a released network, took 78 minutes on
PyTorch (`KERAS_BACKEND=torch`): 30 epochs of 116 to 354 s on two shared cores of an AMD EPYC (Zen
5, bfloat16).  Epoch 26 was best on PublicTest: 69.7 % on the labels of FER2013, 86.9 % on the FER+
majority.  `python -m training evaluate --model NAME --split private` then measured 70.5 %
(macro-F1 0.685) and 85.9 % (macro-F1 0.672).  Only one seed was run, and no hyperparameters were
searched.
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
