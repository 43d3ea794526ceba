"""
The networks of the sources, with their exact numbers of parameters; one source a module.

In: the number of labels.  Out: a Keras model from pictures to logits.
"""
