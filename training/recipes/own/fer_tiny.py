"""
The first ten blocks of the released network, distilled from the whole: 0.28 M parameters.

This network is for the slowest boards.  Run it from the root of the checkout:

    python -m training train fer_tiny

The network starts from `models/fer2013_mobile`, whose early layers were trained on faces, so a few
epochs are enough.  The predictions of the released bundles have a share of 0.7 in the targets.
`--smoke` runs all steps on 64 pictures.

Three seeds ran on PyTorch (`KERAS_BACKEND=torch`) on two cores of an AMD EPYC (Zen 4, bfloat16), a
minute an epoch.  Epoch 10 of seed 0 was best on PublicTest: 66.9 % on the labels of FER2013, 86.2
% on the FER+ majority (the others: 66.3 and 86.0 %, 65.7 and 85.6 %).  `models/fer2013_tiny` and
`models/ferplus_tiny` come from this network.

`python -m training evaluate --model NAME --split private` then measured 67.8 % (macro-F1 0.652)
and 84.7 % (macro-F1 0.631).  The mean of the three seeds is 67.6 % and 84.7 %, with standard
deviations of 0.2 and 0.2 points.  No hyperparameters were searched.
"""

from dataclasses import replace

from training.networks.mobile import MobileNetwork
from training.recipes.own.fer_mobile import RECIPE as LARGE

RECIPE = replace(
    LARGE,
    name='fer_tiny',
    build=MobileNetwork('fer_tiny', dropout=0.1, frozen_blocks=2, blocks=10),
    weights='models/fer2013_mobile/model.keras',
    teachers=('models/fer2013_mobile', 'models/ferplus_mobile'),
    teacher_share=0.7,
    epochs=12,
    learning_rate=0.03,
    weight_decay=1e-3,
    class_weights=0.5,
    average=0.996,
)
