"""
Model 2 of the facial emotion detection notebooks, as found by their search: four emotions.

Run it with `python -m training train fed_model2_search`.  `--smoke` runs all steps on 64 pictures.
The source trains this form only in its search: 2 times for 4 epochs, with Adam at the learning
rate of this recipe in batches of 32.  The augmentation is that of `fed_model2` in the source.
This recipe standardises the values, and only mirrors and shifts the training pictures.  It trains
for 35 epochs at most, and selects the epoch by the validation accuracy.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook('fed_model2_search', learning_rate=2.5718e-4, **FOUR_EMOTIONS)
