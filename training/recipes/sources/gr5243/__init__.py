"""Recipes for the networks of the GR5243 notebooks."""
