"""
Compute the position of a face in space.

Input: a depth image, a calibration and a face.
Output: the position of the face in metres.
"""
