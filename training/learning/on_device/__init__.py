"""
Training where pictures, augmentation and network stay on one device (JAX).

In: a recipe, its network, the pictures and their targets.  Out: an epoch a call, as one compiled
program, with the running average and the validation.  The other way, with batches that NumPy and
OpenCV make on the CPU, is `training.learning.batches`; both draw from the same distributions.
"""
