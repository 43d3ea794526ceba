"""One training recipe a file; each docstring says how to run it and what came of it."""
