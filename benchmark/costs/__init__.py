"""
Measures time, memory and bytes: of the pipeline, the node, models and back ends.

In: a model, the data of FER_ROS_DATA, and for node, scale and soak the installed package.
Out: rows of figures beside their goals, plots, or a verdict on memory.
"""
