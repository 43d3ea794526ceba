"""
Import networks trained elsewhere.

In: a file of a network, and what is known about its input.  Out: the folder of a bundle.
"""
