"""
Classify faces with the network of a bundle.

Input: crops of faces.
Output: calibrated probabilities of the labels.
"""
