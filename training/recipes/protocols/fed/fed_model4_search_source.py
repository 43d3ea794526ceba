"""
Model 4 of the facial emotion detection notebooks, as their search trains it.

Run it with `python -m training train fed_model4_search_source`.  `--smoke` runs all steps on 64
pictures.  A trial of the search keeps the best epoch.  `fed_model4_search` is the improved recipe.
"""

from training.recipes.as_published import FED
from training.recipes.as_published import published

RECIPE = published(
    'fed_model4_search',
    learning_rate=0.00010224006994793711,
    epochs=5,
    chosen_epoch='best',
    **FED,
)
