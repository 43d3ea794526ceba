"""In: a name or a path of a model. Out: its card, and the bytes of its network, checked."""
