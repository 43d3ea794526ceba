"""
The folder of a run: its checkpoint, and the origin of its network.

In: the state of a training.  Out: a checkpoint to resume from, and a `Run` to measure or export.
"""
