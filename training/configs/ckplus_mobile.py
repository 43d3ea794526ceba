"""
The network that ships, fine-tuned on CK+.

Run it with `python -m training train ckplus_mobile --fold 1/10`, and so on to 10/10, each with an
`--output` of its own: no subject is on two sides, and over the ten folds each picture is tested
on once.  `--split-by random --fractions 0.7,0.1,0.2` is the random fifth of the CK+ notebook,
which has nearly equal pictures on both sides.  With `--smoke` it goes through all the steps on 64
pictures.  It begins from `models/ferplus_mobile`, and so is run from the root of the checkout.

By subject 96.4 % of all 981 pictures (folds of 90 to 100 %), by the random fifth all 196; two
minutes a fold on one core (`training/RESULTS.md`).  Changed less (shifted by 0.06, covered on a
tenth of the pictures, no mixup), for 12 epochs and with six blocks frozen, the pictures of the
folds that chose the epoch were right less often (96.5 % of a fold on average, and so 97.1 %), and
the tested ones 96.0 % and 99.5 %; the former is why this is the recipe.  The epoch was first
chosen by the accuracy, which is 100 % on most folds' few pictures after two epochs: by subject a
point less.
"""

from training.architectures.mobile import MobileNetwork
from training.augmentation import AugmentationConfig
from training.config import TrainingConfig
from training.selection import Selection

CONFIG = TrainingConfig(
    name='ckplus_mobile',
    build=MobileNetwork('ckplus_mobile', dropout=0.2, frozen_blocks=4, output_stride=16),
    dataset='ckplus',
    selection=Selection(split_by='subject'),
    heads={'labels': 1.0},
    value_range=(-1.0, 1.0),
    # The accuracy on so few pictures soon stands at all of them; the loss still tells.
    monitor='loss',
    weights='models/ferplus_mobile/model.keras',
    epochs=20,
    batch_size=32,
    learning_rate=0.01,
    warmup_epochs=1,
    weight_decay=1e-3,
    label_smoothing=0.1,
    augmentation=AugmentationConfig(
        shift=0.08,
        scale=0.12,
        rotation_deg=10,
        brightness=0.1,
        contrast=0.2,
        erase_probability=0.2,
        mixup=0.2,
    ),
    average=0.98,
    precision='mixed_bfloat16',
    seed=0,
)
