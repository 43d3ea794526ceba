"""
Model 2 of the facial emotion detection notebooks, as their search trains it.

Run it with `python -m training train fed_model2_search_source`.  `--smoke` runs all steps on 64
pictures.  A trial of the search keeps the best epoch.  `fed_model2_search` is the improved recipe.
"""

from training.recipes.as_published import FED
from training.recipes.as_published import published

RECIPE = published(
    'fed_model2_search',
    learning_rate=0.00025717990963772296,
    epochs=4,
    chosen_epoch='best',
    **FED,
)
