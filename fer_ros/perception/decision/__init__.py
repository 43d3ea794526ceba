"""In: probabilities over time. Out: steady probabilities, one decision, and its changes."""
