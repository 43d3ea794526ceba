"""Recipes for the networks of the CSCE633 project."""
