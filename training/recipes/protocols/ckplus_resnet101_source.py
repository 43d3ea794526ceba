"""
ResNet101 fine-tuned on CK+, with the known part of the protocol of its notebook.

Run it with `python -m training train ckplus_resnet101_source`.  `--smoke` runs all steps on 64
pictures.  The optimizer and the value range are not known; this recipe has Adam and the values
that the weights expect.  The figure of the source is its best epoch.  `ckplus_resnet101` is the
improved recipe.
"""

from training.data.selection import Selection
from training.recipes.as_published import published

RECIPE = published(
    'ckplus_resnet101',
    scaled=True,
    dataset='ckplus',
    selection=Selection(
        split_by='random', fractions=(785 / 981, 196 / 981, 0.0), stratified=False
    ),
    colour='rgb',
    weights='imagenet',
    epochs=50,
    batch_size=8,
    learning_rate=1e-4,
    chosen_epoch='best',
)
