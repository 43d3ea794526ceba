"""Training, measurement and export of the networks of fer_ros; not part of the installation."""

import os

# The header of a small file can state gigapixels, which OpenCV would allocate.  OpenCV reads the
# variable when it is imported, so the variable is set before that import.
os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(2**26))
