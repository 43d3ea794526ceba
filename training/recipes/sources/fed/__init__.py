"""Recipes for the networks of the facial emotion detection notebooks."""
