"""
The first ten blocks of MobileNetV2, taught by the network that ships: 0.28 M parameters.

For the weakest boards.  Run it after the network that teaches it:

    python -m training train fer_tiny --weights mobilenet_v2.npz \
        --teachers runs/fer_mobile_distilled

Half of what it learns is what that network says of the pictures.  Without `--teachers` it learns
from the labels alone; with `--smoke` it goes through all the steps on 64 pictures.
"""

from dataclasses import replace

from training.architectures.mobile import MobileNetwork
from training.configs.fer_mobile import CONFIG as LARGE

CONFIG = replace(
    LARGE,
    name='fer_tiny',
    build=MobileNetwork('fer_tiny', dropout=0.1, frozen_blocks=2, blocks=10),
    epochs=14,
    weight_decay=1e-3,
    class_weights=0.5,
    teacher_share=0.7,
)
