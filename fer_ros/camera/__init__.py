"""In: the images of a source, see `fer_ros.sources`. Out: image messages of a camera node."""

# Sets up the process for ROS, which has to come before rclpy is imported.
import fer_ros.node as node

__all__ = ['node']
