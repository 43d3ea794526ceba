"""
Measures whether results are correct and stable, and whether the node survives hostile input.

In: videos and their `annotations/`, FER2013 images, or a node to attack.
Out: counts of id switches and changes, delays, landmark errors, a page for each video, a verdict.
"""
