"""In: arguments, parameters, signals, requests. Out: a node that starts, lives and ends."""
