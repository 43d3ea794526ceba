"""
Convolutional network 1 of the CSCE633 project: two blocks of two convolutions.

Run it with `python -m training train csce633_cnn1`; with `--smoke` it goes through all the steps
on 64 pictures.  The widths, activations, dropout and penalties are its source's; the optimizer,
the batch, the epochs and the augmentation are chosen here.
"""

from training.notebooks import notebook
from training.notebooks import USUAL

CONFIG = notebook(
    'csce633_cnn1',
    learning_rate=5e-4,
    schedule='plateau',
    plateau_factor=0.3,
    plateau_patience=3,
    early_stopping=7,
    augmentation=USUAL,
)
