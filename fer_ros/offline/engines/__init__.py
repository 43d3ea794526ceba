"""In: a list of recordings. Out: the outcome of each one, from several processes or machines."""
