"""Recipes of this project, one module each; the docstring has the command and the results."""
