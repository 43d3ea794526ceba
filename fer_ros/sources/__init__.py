"""In: the name of a webcam, a video, a picture or a folder. Out: images, one after the other."""
