"""This project's own recipes, one a module; a docstring gives the command and the results."""
