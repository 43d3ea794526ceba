"""In: the images of a source, see `fer_ros.sources`. Out: image messages of the camera node."""

# Importing `node` sets up the process for ROS. This must happen before rclpy is imported.
import fer_ros.node as node

__all__ = ['node']
