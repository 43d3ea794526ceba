"""
Model 3 of the facial emotion detection notebooks: four emotions.

Run it with `python -m training train fed_model3`.  `--smoke` runs all steps on 64 pictures.  The
source specifies the learning rate.  This recipe chooses the batch size and the epochs.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook('fed_model3', learning_rate=2.3177e-3, **FOUR_EMOTIONS)
