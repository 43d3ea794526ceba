"""
A run's folder: its checkpoint, and what its network began from.

In: the state of a training.  Out: a checkpoint to resume from, and a `Run` to measure or export.
"""
