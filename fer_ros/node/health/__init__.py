"""In: counts and times of the processing. Out: `/diagnostics`, and log lines about the images."""
