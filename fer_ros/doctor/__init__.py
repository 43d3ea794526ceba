"""In: a set-up, before the first frame. Out: its problems, and what to do about each of them."""

# Each check imports perception only when it runs: NumPy or OpenCV may be missing or broken, and
# `libraries` reports that.  This import sets up the process for ROS, before rclpy is imported.
import fer_ros.node as node

__all__ = ['node']
