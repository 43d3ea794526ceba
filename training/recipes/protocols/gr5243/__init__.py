"""Recipes with the protocol of the GR5243 notebooks."""
