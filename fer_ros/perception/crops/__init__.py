"""
Crop faces, and prepare the crops for a network.

Input: an image and the eyes of a face.
Output: an upright crop, and the input array of a network.
"""
