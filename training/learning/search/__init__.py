"""
Search for the hyperparameters of a network.

In: a search space and `FaceData`.  Out: a study, and the recipe of its best trial.
"""
