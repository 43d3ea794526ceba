"""In: a webcam, a video, pictures or the built-in view. Out: image messages of a camera node."""

# Sets up the process for ROS, which has to come before rclpy is imported.
import fer_ros.node as node

__all__ = ['node']
