"""
Labelled pictures: their data structure, selection, splits, cleaning and augmentation.

In: the pictures that `data/reading` reads.  Out: `FaceData`, selected, split, cleaned, augmented.
"""
