"""
Labelled pictures: what they are, which of them count, and how they are changed.

In: the pictures that `data/reading` reads.  Out: `FaceData`, selected, split, cleaned, augmented.
"""
