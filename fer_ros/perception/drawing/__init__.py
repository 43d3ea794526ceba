"""In: an image and its faces. Out: an annotated image for people."""
