"""
Hide the faces of an image.

Input: an image, and the boxes of the faces that are already known.
Output: a copy of the image in which everything that may be a face has one flat colour.
"""
