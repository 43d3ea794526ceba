"""
Build networks from Keras layers: the families of this project, and a registry of all networks.

In: the number of labels of each head and the side of the input.  Out: a Keras model that maps
pictures to logits, keyed by head.
"""
