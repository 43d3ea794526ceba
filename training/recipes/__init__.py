"""
Define recipes, and build their networks.

In: a recipe file or the settings of a run.  Out: a checked recipe, its network, and the labels of
its heads.
"""
