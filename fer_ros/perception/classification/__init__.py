"""In: crops of faces. Out: calibrated probabilities of the labels."""
