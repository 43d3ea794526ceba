"""Recipes with the protocol of the CSCE633 project."""
