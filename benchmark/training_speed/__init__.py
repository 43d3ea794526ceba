"""
Measures how fast training gets its batches: reading and augmentation.

In: FER2013, as a CSV file or packed.
Out: pictures or rows a second beside Keras and pandas, and how long a network waits for batches.
"""
