"""In: an image and the eyes of a face. Out: an upright crop, and the input of a network."""
