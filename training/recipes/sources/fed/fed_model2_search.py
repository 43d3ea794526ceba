"""
Model 2 of the facial emotion detection notebooks, as their search gave it: four emotions.

Run it with `python -m training train fed_model2_search`; with `--smoke` it goes through all the
steps on 64 pictures.  The learning rate is its source's; the batch and the epochs are chosen
here.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook('fed_model2_search', learning_rate=2.5718e-4, **FOUR_EMOTIONS)
