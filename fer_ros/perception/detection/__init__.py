"""
Detect faces.

Input: an image.
Output: the bounding boxes, scores and eyes of the faces in it.
"""
