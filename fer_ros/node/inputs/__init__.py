"""In: camera, depth and calibration topics. Out: the newest image, its depth and calibration."""
