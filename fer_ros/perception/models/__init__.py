"""
Find and check model bundles and the weights of detectors.

Input: the name or the path of a model.
Output: the card of the model, and the checked bytes of its network.
"""
