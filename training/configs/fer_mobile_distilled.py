"""
MobileNetV2 with a finer end, trained for longer, and taught by `fer_mobile`: 2.3 M parameters.

Run `fer_mobile` first, then this one, from the same weights of ImageNet:

    python -m training train fer_mobile --weights mobilenet_v2.npz
    python -m training train fer_mobile_distilled --weights mobilenet_v2.npz \
        --teachers runs/fer_mobile

Its last features have 6x6 places and not 3x3, from the same parameters.  Half of what it learns
is what the first network says of the pictures.  Rare emotions (1.5 % of FER2013's pictures are
disgust) count more than they are frequent.  Without `--teachers` it learns from the labels alone;
with `--smoke` it goes through all the steps on 64 pictures.

The run behind `models/fer2013_mobile` and `models/ferplus_mobile` took 78 minutes on PyTorch
(`KERAS_BACKEND=torch`) on two cores of an AMD EPYC (Zen 5, bfloat16); 40 epochs of 108 to 157 s.
PublicTest chose epoch 35: 69.9 % on FER2013's labels, 87.3 % on the FER+ majority.  Then, by
`python -m training evaluate --model NAME --split private`: 70.6 % (macro-F1 0.695) and 87.0 %
(macro-F1 0.716).  One seed; nothing of it was searched for.
"""

from dataclasses import replace

from training.architectures.mobile import MobileNetwork
from training.configs.fer_mobile import CONFIG as FIRST

CONFIG = replace(
    FIRST,
    name='fer_mobile_distilled',
    build=MobileNetwork('fer_mobile_distilled', dropout=0.2, frozen_blocks=2, output_stride=16),
    epochs=40,
    class_weights=0.5,
    teacher_share=0.5,
    seed=1,
)
