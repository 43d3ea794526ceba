"""In: camera, depth and calibration topics. Out: the newest image, and what belongs to it."""
