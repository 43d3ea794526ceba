"""
The measuring tools of the benchmarks: timers, processes, scenes, a camera, clients, figures.

In: functions to time, ids of processes to watch, scenes to show, rows to print.
Out: seconds, MiB and received messages; tables, JSON and sections of RESULTS.md.
"""
