"""The networks, one family a file; a recipe names the builder of its own."""
