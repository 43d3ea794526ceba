"""In: the name of a webcam, a video, a picture or a folder. Out: a sequence of images."""
