"""
The network that ships, trained on for eight epochs: 2.3 M parameters.

Run it for several seeds from the root of the checkout, and take the mean of their weights:

    python -m training train fer_mobile_refined --seed 0 --output runs/fer_mobile_refined_0
    python -m training train fer_mobile_refined --seed 1 --output runs/fer_mobile_refined_1
    python -m training train fer_mobile_refined --seed 2 --output runs/fer_mobile_refined_2
    python -m training average runs/fer_mobile_refined_? --output runs/fer_mobile_refined

It begins from the bundles in `models/`, body and heads, and half of what it learns is what these
bundles say of the pictures.  With `--smoke` it goes through all the steps on 64 pictures.
"""

from dataclasses import replace

from training.architectures.mobile import MobileNetwork
from training.configs.fer_mobile_distilled import CONFIG as SECOND

CONFIG = replace(
    SECOND,
    name='fer_mobile_refined',
    build=MobileNetwork('fer_mobile_refined', dropout=0.2, frozen_blocks=2, output_stride=16),
    weights='models/fer2013_mobile/model.keras,models/ferplus_mobile/model.keras',
    teachers=('models/fer2013_mobile', 'models/ferplus_mobile'),
    epochs=8,
    learning_rate=0.02,
    seed=0,
)
