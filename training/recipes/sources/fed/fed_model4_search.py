"""
Model 4 of the facial emotion detection notebooks, as found by their search: four emotions.

Run it with `python -m training train fed_model4_search`.  `--smoke` runs all steps on 64
pictures.  The source specifies the learning rate.  This recipe chooses the batch size and the
epochs.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook('fed_model4_search', learning_rate=1.0224e-4, **FOUR_EMOTIONS)
