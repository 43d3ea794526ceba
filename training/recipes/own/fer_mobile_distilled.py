"""
MobileNetV2 with a finer end, trained for longer, and taught by `fer_mobile`: 2.3 M parameters.

Run `fer_mobile` first, then this one, from the same weights of ImageNet:

    python -m training train fer_mobile --weights mobilenet_v2.npz
    python -m training train fer_mobile_distilled --weights mobilenet_v2.npz \
        --teachers runs/fer_mobile --seed 3

Its last features have 6x6 places and not 3x3, from the same parameters.  Half of what it learns
is what the first network says of the pictures.  Rare emotions (1.5 % of FER2013's pictures are
disgust) count more than they are frequent.  Without `--teachers` it learns from the labels alone;
with `--smoke` it goes through all the steps on 64 pictures.

Three seeds were run on PyTorch (`KERAS_BACKEND=torch`) on two cores of an AMD EPYC (Zen 4 and 5,
bfloat16), about two minutes an epoch.  PublicTest chose seed 3, and of it the last epoch: 70.6 %
on FER2013's labels, 88.2 % on the FER+ majority (seed 1: 69.9 and 87.3 %, seed 2: 70.4 and
87.0 %).  It is behind `models/fer2013_mobile` and `models/ferplus_mobile`.  Then, by `python -m
training evaluate --model NAME --split private`: 70.4 % (macro-F1 0.693) and 87.8 % (macro-F1
0.697); the three seeds have 70.6 % and 87.4 % on average, with standard deviations of 0.2 and 0.4
points.  Nothing of it was searched for.
"""

from dataclasses import replace

from training.networks.mobile import MobileNetwork
from training.recipes.own.fer_mobile import RECIPE as FIRST

RECIPE = replace(
    FIRST,
    name='fer_mobile_distilled',
    build=MobileNetwork('fer_mobile_distilled', dropout=0.2, frozen_blocks=2, output_stride=16),
    epochs=40,
    class_weights=0.5,
    teacher_share=0.5,
    seed=1,
)
