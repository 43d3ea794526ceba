"""Measures what the package does: `python -m benchmark <command>`."""
