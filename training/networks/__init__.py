"""
Build networks from Keras layers: this project's families, and a registry of all networks.

In: the number of labels of each head and the side of the input.  Out: a Keras model from pictures
to logits by head.
"""
