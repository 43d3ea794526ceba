"""In: a ROS 2 or ROS 1 bag. Out: the images of its camera topics, with depth and calibration."""
