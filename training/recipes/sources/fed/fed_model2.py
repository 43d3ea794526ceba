"""
Model 2 of the facial emotion detection notebooks: four emotions.

Run it with `python -m training train fed_model2`.  `--smoke` runs all steps on 64 pictures.  The
source specifies the initial learning rate.  This recipe chooses the cosine schedule, the batch
size and the epochs.

22 epochs took 45 minutes on two cores of an AMD EPYC (Zen 5) with `--precision mixed_bfloat16`.
The accuracy is 74.2 % (72.4 to 75.9 %) on the 2,515 pictures of these four emotions in
PrivateTest.  The source reports 75.8 to 77 % on 128 pictures.  In the first epochs the accuracy is
at chance level, because the dense layers of 32 units with dropout pass little information at
first.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook(
    'fed_model2',
    learning_rate=2.5718e-4,
    **{**FOUR_EMOTIONS, 'schedule': 'cosine', 'epochs': 22},
)
