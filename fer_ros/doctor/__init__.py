"""In: a set-up, before the first frame. Out: its problems, and what to do about each of them."""

# Sets up the process for ROS, which has to come before rclpy is imported.
import fer_ros.node as node

__all__ = ['node']
