"""
Draw the annotated image.

Input: an image and its faces.
Output: a copy of the image with boxes, labels and probabilities.
"""
