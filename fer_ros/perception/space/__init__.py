"""In: a depth image, a calibration and a face. Out: the position of the face in metres."""
