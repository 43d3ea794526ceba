"""The ROS 2 nodes: topics, parameters and messages around fer_ros.perception."""

import os

from fer_ros.node.life.tracing import survive_full_shared_memory

# A compressed image of a few kilobytes can decode to gigapixels, which OpenCV would allocate. The
# cameras of robots have fewer pixels than this limit. OpenCV reads the variable when it is
# imported, so the variable is set before that import.
os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(2**26))

survive_full_shared_memory()
