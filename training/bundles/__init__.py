"""
Make and measure model bundles.

In: a run.  Out: the folder of a bundle, with its card and the network in every file format.
"""
