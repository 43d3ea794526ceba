"""
Model 2 of the facial emotion detection notebooks, as found by their search: four emotions.

Run it with `python -m training train fed_model2_search`.  `--smoke` runs all steps on 64
pictures.  The source specifies the learning rate.  This recipe chooses the batch size and the
epochs.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook('fed_model2_search', learning_rate=2.5718e-4, **FOUR_EMOTIONS)
