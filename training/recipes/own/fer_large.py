"""
A residual network of 12 M parameters for 48x48 pixels, a teacher too large for most robots.

The first stage has the full 48x48 pixels.  The network starts from random weights.  The teacher,
`fer_mobile_distilled`, predicts each picture after its augmentation:

    KERAS_BACKEND=jax python -m training train fer_large --on-device \
        --teachers runs/fer_mobile_distilled

Without `--teachers`, the network learns from the labels alone.  `--smoke` runs all steps on 64
pictures.

A run took 152 s on one NVIDIA H100 (26,000 pictures/s, including the predictions of the teacher).
Epoch 118 was best on PublicTest: 71.6 % on the labels of FER2013, 87.5 % on the FER+ majority.
Only one seed was run, and no hyperparameters were searched.
"""

from dataclasses import replace

from training.data.augmentation import Augmentation
from training.networks.residual import ResidualNetwork
from training.recipes.own.fer_mobile import RECIPE as FIRST

RECIPE = replace(
    FIRST,
    name='fer_large',
    build=ResidualNetwork(
        'fer_large',
        stem=64,
        widths=(64, 128, 256, 512),
        blocks=(1, 2, 2, 2),
        dropout=0.3,
        stem_kernel=3,
        stem_stride=1,
    ),
    weights='none',
    epochs=120,
    batch_size=256,
    learning_rate=0.08,
    warmup_epochs=3,
    weight_decay=5e-3,
    class_weights=0.25,
    teacher_share=0.5,
    consistent=True,
    augmentation=Augmentation(
        shift=0.12,
        scale=0.2,
        rotation_deg=15,
        perspective=0.3,
        brightness=0.15,
        contrast=0.3,
        shading=0.3,
        occlusion_probability=0.1,
        erase_probability=0.3,
        erase_area=(0.02, 0.2),
        degrade_probability=0.2,
        mixup=0.2,
    ),
    average=0.999,
    seed=0,
)
