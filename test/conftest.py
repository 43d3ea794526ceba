"""Every test has the limits of the nodes."""

# It limits OpenCV, which must not be loaded before.
import fer_ros.node  # noqa: F401
