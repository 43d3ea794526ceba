"""Recipes with the protocols of the sources, one module each; their names end in `_source`."""
