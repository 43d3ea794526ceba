"""
The measuring tools of the benchmarks: timers, processes, scenes, a camera, clients, figures.

In: functions to measure, ids of processes to monitor, scenes to render, rows to print.
Out: seconds, MiB and received messages; tables, JSON and sections of RESULTS.md.
"""
