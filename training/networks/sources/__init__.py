"""
Networks of the sources, with their exact numbers of parameters; one module for each source.

In: the number of labels.  Out: a Keras model that maps pictures to logits.
"""
