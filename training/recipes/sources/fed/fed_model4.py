"""
Model 4 of the facial emotion detection notebooks: four emotions.

Run it with `python -m training train fed_model4`; with `--smoke` it goes through all the steps on
64 pictures.  The learning rate is its source's; the batch and the epochs are chosen here.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook('fed_model4', learning_rate=1.0224e-4, **FOUR_EMOTIONS)
