"""
What a recipe is, and how its network is built.

In: a recipe file or the settings of a run.  Out: a checked recipe, its network, and the labels of
its heads.
"""
