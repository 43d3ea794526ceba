"""
Model 2 of the facial emotion detection notebooks: four emotions.

Run it with `python -m training train fed_model2`; with `--smoke` it goes through all the steps on
64 pictures.  The learning rate is its source's, at the beginning; that it falls by a cosine, the
batch and the epochs are chosen here.  22 epochs took 45 minutes on two cores of an AMD EPYC
(Zen 5) by `--precision mixed_bfloat16`: 74.2 % of the 2,515 pictures of four emotions of
PrivateTest (72.4 to 75.9 %), where its source has 75.8 to 77 % of 128.  The first epochs are at
chance: little passes its dense layers of 32 with dropout until they have learned.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook(
    'fed_model2',
    learning_rate=2.5718e-4,
    **{**FOUR_EMOTIONS, 'schedule': 'cosine', 'epochs': 22},
)
