"""
MobileNetV2, trained further with teachers that predict each augmented picture: 2.3 M parameters.

Run it from the root of the checkout, because it starts from the two released bundles.  When the
recipe was run, both bundles came from `fer_mobile_distilled`.  The teachers, `fer_large` and
`fer_mobile_distilled`, predict each picture after augmentation and mixup (Beyer et al. 2021,
arXiv:2106.05237):

    KERAS_BACKEND=jax python -m training train fer_mobile_consistent --on-device \
        --weights BUNDLE_OF_FER2013/model.keras,BUNDLE_OF_FERPLUS/model.keras \
        --teachers runs/fer_large runs/fer_mobile_distilled --seed 1 --output runs/consistent_1
    python -m training average runs/consistent_1 runs/consistent_2 --output runs/consistent

`--smoke` runs all steps on 64 pictures.

Two seeds ran on one NVIDIA H100, 80 s each (21,000 pictures/s, including the predictions of two
teachers); a third was not finished.  The epochs 47 and 48 were best on PublicTest.  Accuracy on
PublicTest with the labels of FER2013 and on the FER+ majority: 71.8 and 87.5 % (seed 1), 71.6 and
87.8 % (seed 2), 72.0 and 87.5 % (mean of their weights).  Therefore `models/fer2013_mobile` has
the mean.  `models/ferplus_mobile` has the network of `fer_mobile_distilled`, which reaches 88.2 %
on the FER+ majority.

`python -m training evaluate --model NAME --split private` then measured 72.6 and 87.3 % for the
mean, 72.2 and 87.2 % for seed 1, and 72.3 and 87.8 % for seed 2.  No hyperparameters were
searched.
"""

from dataclasses import replace

from training.networks.mobile import MobileNetwork
from training.recipes.own.fer_large import RECIPE as LARGE

RECIPE = replace(
    LARGE,
    name='fer_mobile_consistent',
    build=MobileNetwork('fer_mobile_consistent', dropout=0.2, frozen_blocks=2, output_stride=16),
    weights='models/fer2013_mobile/model.keras,models/ferplus_mobile/model.keras',
    epochs=50,
    batch_size=256,
    learning_rate=0.05,
    warmup_epochs=2,
    weight_decay=3e-3,
    class_weights=0.4,
    teacher_share=0.7,
    average=0.999,
    seed=1,
)
