"""The ROS 2 nodes: topics, parameters and messages around fer_ros.perception."""

import os

from fer_ros.node.life.tracing import survive_full_shared_memory

# A compressed image of some kilobytes may hold gigapixels, and OpenCV makes them. No camera of a
# robot has as many as this; OpenCV reads it when it is loaded, which comes after this.
os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(2**26))

survive_full_shared_memory()
