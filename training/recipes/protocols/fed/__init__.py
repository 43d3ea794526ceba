"""Recipes with the protocol of the facial emotion detection notebooks."""
