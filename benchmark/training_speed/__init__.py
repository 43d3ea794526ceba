"""
Measures how fast training receives its batches: reading and augmentation.

In: FER2013, as a CSV file or packed.
Out: images or rows per second compared with Keras and pandas, and the time that a network waits
for batches.
"""
