"""
The first ten blocks of the network that ships, taught by the whole of it: 0.28 M parameters.

For the weakest boards.  Run it from the root of the checkout:

    python -m training train fer_tiny

It begins from `models/fer2013_mobile`, whose early layers know faces already, so that few epochs
are enough.  Most of what it learns is what the bundles that ship say of the pictures.  With
`--smoke` it goes through all the steps on 64 pictures.

Three seeds were run on PyTorch (`KERAS_BACKEND=torch`) on two cores of an AMD EPYC (Zen 4,
bfloat16), a minute an epoch.  PublicTest chose seed 0, and of it epoch 10: 66.9 % on FER2013's
labels, 86.2 % on the FER+ majority (the others 66.3 and 86.0 %, 65.7 and 85.6 %).  It is behind
`models/fer2013_tiny` and `models/ferplus_tiny`.  Then, by `python -m training evaluate --model
NAME --split private`: 67.8 % (macro-F1 0.652) and 84.7 % (macro-F1 0.631); the three seeds have
67.6 % and 84.7 % on average, with standard deviations of 0.2 and 0.2 points.  Nothing of it was
searched for.
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
