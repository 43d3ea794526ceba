"""
EfficientNet-lite0 without its last block, from ImageNet and distilled: 2.5 M parameters.

The network has four teachers.  Each teacher predicts the quarter of the pictures that it was not
trained on:

    python -m training train fer_mobile --weights mobilenet_v2.npz --epochs 12 --hold-back 1/4 \
        --output runs/part_1
    (repeat for 2/4, 3/4 and 4/4)
    python -m training train fer_lite_taught --weights efficientnet_lite0.npz \
        --teachers runs/part_1 runs/part_2 runs/part_3 runs/part_4

A third of the labels of FER2013 differ from the majority of annotators.  On a training picture, a
network mostly repeats its label.  On a picture that a network was not trained on, it predicts the
average label of similar pictures.

This recipe is not good enough for a release.  Three seeds ran at the same time on PyTorch
(`KERAS_BACKEND=torch --workers 3 --epochs 40`) on one NVIDIA H200, at 5,400 to 5,700 pictures/s
each.  A time limit ended the runs after 34, 32 and 31 epochs.  At the end they had reached 67.9,
67.8 and 67.7 % on PublicTest with the labels of FER2013, and 86.3, 86.2 and 86.2 % on the FER+
majority.  `fer_mobile_distilled` has 69.9 and 87.3 %.  The accuracy was still rising at the end,
so the runs had too few steps of such large batches.  The four teachers had 65.7 to 66.6 % and 85.0
to 85.6 %.
"""

from dataclasses import replace

from training.data.augmentation import Augmentation
from training.networks.lite import LiteNetwork
from training.recipes.own.fer_mobile import RECIPE as FIRST

RECIPE = replace(
    FIRST,
    name='fer_lite_taught',
    build=LiteNetwork(
        'fer_lite_taught',
        version=0,
        dropout=0.2,
        frozen_blocks=2,
        left_out=1,
        output_stride=16,
    ),
    epochs=60,
    batch_size=512,
    learning_rate=0.12,
    warmup_epochs=2,
    weight_decay=5e-3,
    class_weights=0.25,
    teacher_share=0.5,
    augmentation=Augmentation(
        shift=0.12,
        scale=0.2,
        rotation_deg=15,
        brightness=0.15,
        contrast=0.25,
        erase_probability=0.3,
        degrade_probability=0.15,
        mixup=0.2,
    ),
    average=0.994,
    seed=0,
)
