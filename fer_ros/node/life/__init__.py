"""In: arguments, parameters, signals, requests. Out: a node that starts, runs and ends."""
