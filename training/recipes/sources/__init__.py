"""Recipes for the networks of the sources, one a module; a docstring gives the command."""
