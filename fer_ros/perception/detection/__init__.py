"""In: an image. Out: boxes, scores and eyes of the faces in it."""
