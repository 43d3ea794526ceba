"""
The network Mini-Xception (arXiv:1710.07557), which the `fer` package of PyPI uses.

Run it with `python -m training train mini_xception`.  `--smoke` runs all steps on 64 pictures.
The paper's repository trains for up to 10,000 epochs with the schedule plateau and early stopping;
this recipe has fewer epochs.  XLA compiles the network, because the oneDNN kernels of TensorFlow
2.21 crash on it.
"""

from training.recipes.notebook import notebook
from training.recipes.notebook import USUAL

RECIPE = notebook(
    'mini_xception',
    side=64,
    value_range=(-1.0, 1.0),
    epochs=110,
    batch_size=32,
    learning_rate=1e-3,
    schedule='plateau',
    plateau_factor=0.1,
    plateau_patience=12,
    monitor='loss',
    early_stopping=50,
    augmentation=USUAL,
    xla=True,
)
