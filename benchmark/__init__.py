"""Benchmarks of the package: `python -m benchmark <command>`."""
