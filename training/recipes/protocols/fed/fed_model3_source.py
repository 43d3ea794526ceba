"""
Model 3 of the facial emotion detection notebooks, with its protocol.

Run it with `python -m training train fed_model3_source`.  `--smoke` runs all steps on 64 pictures.
The document saves the best epoch by the validation accuracy, but does not load it, so the last
epoch is kept.  The pictures of its data set are another selection from FER2013.  The document also
tried RGB, without a figure, so this recipe is gray.  `fed_model3` is the improved recipe.
"""

from training.recipes.as_published import FED
from training.recipes.as_published import FED_STOPPING
from training.recipes.as_published import published

RECIPE = published(
    'fed_model3',
    learning_rate=0.002317701860832247,
    early_stopping=10,
    **FED,
    **FED_STOPPING,
)
