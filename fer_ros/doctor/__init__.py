"""In: an installation before the first frame. Out: its problems, with a remedy for each."""

# NumPy or OpenCV may be missing or broken, and `libraries` reports this. Each check therefore
# imports perception only when it runs. Importing `node` sets up the process for ROS before rclpy
# is imported.
import fer_ros.node as node

__all__ = ['node']
