"""
Model 3 of the facial emotion detection notebooks: four emotions.

Run it with `python -m training train fed_model3`.  `--smoke` runs all steps on 64 pictures.  The
source trains with Adam at 2.3177e-3 in batches of 32 for up to 100 epochs, and stops after 10
epochs without a validation loss that is lower by 5e-4.  It mirrors, shifts, shears, rotates by up
to 60 degrees and changes the brightness, also of the validation and test pictures.  The values are
from 0 to 1.  It saves the best epoch, but the document does not load it before the test.  This
recipe standardises the values, and only mirrors and shifts the training pictures.  It trains for
35 epochs at most, and selects the epoch by the validation accuracy.
"""

from training.recipes.notebook import FOUR_EMOTIONS
from training.recipes.notebook import notebook

RECIPE = notebook('fed_model3', learning_rate=2.3177e-3, **FOUR_EMOTIONS)
