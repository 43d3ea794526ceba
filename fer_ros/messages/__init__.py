"""
In: a `FrameResult` and the header of its image. Out: the messages for the topics.

This folder does not import ROS.
The functions fill messages of any implementation: the classes of rclpy in the node, or the classes
of a library that writes recordings.
The argument `types` selects the implementation (see `MessageTypes`).
"""
