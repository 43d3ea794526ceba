"""
Find and check model bundles and the weights of detectors.

Input: the name or the path of a model.
Output: its card, and the checked bytes of its network.
"""
