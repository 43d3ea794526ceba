"""
Measures whether answers are right and steady, and whether the node survives hostile input.

In: videos and their `annotations/`, pictures of FER2013, or a node that is attacked.
Out: counts of id switches and changes, delays, errors of eyes, a page for each video, a verdict.
"""
