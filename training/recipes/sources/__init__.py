"""Recipes for the networks of the sources, one module each; the docstring has the command."""
