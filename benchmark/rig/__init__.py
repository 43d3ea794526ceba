"""
What the benchmarks measure with: clocks, processes, scenes, a camera, listeners, figures.

In: functions to time, numbers of processes to watch, scenes to show, rows to print.
Out: seconds, MiB, received messages; tables, JSON and sections of RESULTS.md.
"""
