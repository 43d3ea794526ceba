"""
Model 3 of the facial emotion detection notebooks: four emotions.

Run it with `python -m training train fed_model3`; with `--smoke` it goes through all the steps on
64 pictures.  The learning rate is its source's; the batch and the epochs are chosen here.
"""

from training.notebooks import MILD
from training.notebooks import notebook
from training.selection import Selection

CONFIG = notebook(
    'fed_model3',
    selection=Selection(classes=('happy', 'sad', 'surprise', 'neutral')),
    standardise=True,
    epochs=35,
    batch_size=32,
    learning_rate=2.3177e-3,
    early_stopping=10,
    augmentation=MILD,
)
