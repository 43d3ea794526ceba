"""In: recordings made of a video. Out: the time and the memory of analysing them."""
