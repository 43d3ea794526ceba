"""
The commands of `python -m training`, one a module.

In: the words of the command line.  Out: the exit status, and what the command writes.
"""
