"""
Train with pictures, augmentation and network on one device (JAX).

In: a recipe, its network, the pictures and their targets.  Out: one epoch per call, as one
compiled program, with the running average and the validation.  The alternative,
`training.learning.batches`, creates batches on the CPU with NumPy and OpenCV.  Both ways of
training use the same random distributions.
"""
