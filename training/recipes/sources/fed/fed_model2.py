"""
Model 2 of the facial emotion detection notebooks: four emotions.

Run it with `python -m training train fed_model2`.  `--smoke` runs all steps on 64 pictures.  The
source specifies the initial learning rate.  This recipe chooses the cosine schedule, the batch
size and the epochs.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook(
    'fed_model2',
    learning_rate=2.5718e-4,
    **{**FOUR_EMOTIONS, 'schedule': 'cosine', 'epochs': 22},
)
