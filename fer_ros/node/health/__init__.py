"""In: counts and times of the work. Out: `/diagnostics`, and the log's lines about images."""
