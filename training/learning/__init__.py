"""
Train the network of a recipe.

In: a recipe and `FaceData`.  Out: the folder of a run.
"""
