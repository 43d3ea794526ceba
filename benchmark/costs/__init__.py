"""
Measures time, memory and message sizes of the pipeline, the node, the models and the back ends.

In: a model and the data of FER_ROS_DATA. The commands node, scale and soak need the installed
package.
Out: rows of results with their goals, plots, or a verdict on memory.
"""
