"""
The network that ships, fine-tuned on CK+.

Run it with `python -m training train ckplus_mobile --fold 1/10`, and so on to 10/10, each with an
`--output` of its own: no subject is on two sides, and over the ten folds each picture is tested
on once.  `--split-by random --fractions 0.7,0.1,0.2` is the random fifth of the CK+ notebook,
which has nearly equal pictures on both sides.  With `--smoke` it goes through all the steps on 64
pictures.  It begins from `models/ferplus_mobile`, and so is run from the root of the checkout.

By subject 96.8 % of all 981 pictures (folds of 92 to 100 %), by the random fifth all 196; two and
a half minutes a fold on one core (`training/RESULTS.md`).  Recipes were compared by the folds that
choose the epoch, from the weights of seed 1 of `fer_mobile_distilled`, which shipped then: 97.5 %
of their pictures were right on average (and 97.2 % of the tested ones).  With the output stride of
16 that `models/ferplus_mobile` has it was 97.1 % (96.4 %), with the coarse end for 20 epochs
97.4 % (96.8 %); with pictures that are changed less (shifted by 0.06, covered on a tenth of them,
no mixup), for 12 epochs and with six blocks frozen 96.5 % (96.0 %).  The epoch is chosen by the
loss: the accuracy is 100 % on most folds' few pictures after two epochs.
"""

from training.data.augmentation import Augmentation
from training.data.selection import Selection
from training.networks.mobile import MobileNetwork
from training.recipes.recipe import Recipe

RECIPE = Recipe(
    name='ckplus_mobile',
    build=MobileNetwork('ckplus_mobile', dropout=0.2, frozen_blocks=4),
    dataset='ckplus',
    selection=Selection(split_by='subject'),
    heads={'labels': 1.0},
    value_range=(-1.0, 1.0),
    # The accuracy on so few pictures soon stands at all of them; the loss still tells.
    monitor='loss',
    weights='models/ferplus_mobile/model.keras',
    epochs=30,
    batch_size=32,
    learning_rate=0.01,
    warmup_epochs=1,
    weight_decay=1e-3,
    label_smoothing=0.1,
    augmentation=Augmentation(
        shift=0.08,
        scale=0.12,
        rotation_deg=10,
        brightness=0.1,
        contrast=0.2,
        erase_probability=0.2,
        mixup=0.2,
    ),
    average=0.99,
    precision='mixed_bfloat16',
    seed=0,
)
