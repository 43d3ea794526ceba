"""
The network that ships, taught by `fer_large` and itself about the very pictures that it sees.

MobileNetV2 with an output stride of 16, of 2.3 M parameters.  It begins from the bundles that
`fer_mobile_distilled` gave, and its teachers are asked about each picture as it is augmented
(Beyer et al. 2021, arXiv:2106.05237):

    KERAS_BACKEND=jax python -m training train fer_mobile_consistent --on-device --consistent \
        --weights models/fer2013_mobile/model.keras,models/ferplus_mobile/model.keras \
        --teachers runs/fer_large models/fer2013_mobile models/ferplus_mobile

With `--smoke` it goes through all the steps on 64 pictures.
"""

from dataclasses import replace

from training.networks.mobile import MobileNetwork
from training.recipes.own.fer_large import RECIPE as LARGE

RECIPE = replace(
    LARGE,
    name='fer_mobile_consistent',
    build=MobileNetwork('fer_mobile_consistent', dropout=0.2, frozen_blocks=2, output_stride=16),
    weights='imagenet',
    epochs=60,
    batch_size=256,
    learning_rate=0.05,
    warmup_epochs=2,
    weight_decay=3e-3,
    class_weights=0.4,
    teacher_share=0.7,
    average=0.999,
    seed=1,
)
