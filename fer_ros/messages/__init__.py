"""
In: a `FrameResult` and the header of its image. Out: the messages that the topics carry.

Nothing here imports ROS. The functions fill messages of any implementation: rclpy's classes in the
node, or those of a library that writes recordings. `types` tells which (see `MessageTypes`).
"""
