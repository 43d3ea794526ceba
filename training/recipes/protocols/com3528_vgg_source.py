"""
The VGG of the COM3528 robot project, with the known part of its protocol.

Run it with `python -m training train com3528_vgg_source`.  `--smoke` runs all steps on 64
pictures.  The log of the document shows 100 epochs of 448 full batches of 64, so it drops the last
batch.  The optimizer, the learning rate, the value range and the augmentation are not known; this
recipe has Keras's defaults, values from 0 to 1 and no augmentation.  The figure of the source is
its best epoch.  `com3528_vgg` is the improved recipe.
"""

from training.recipes.as_published import published

RECIPE = published(
    'com3528_vgg',
    epochs=100,
    batch_size=64,
    keep_last=False,
    chosen_epoch='best',
)
