"""
Measure a classifier.

In: a bundle, a run or a Keras file, and labelled pictures.  Out: predictions, and figures with
confidence intervals.
"""
