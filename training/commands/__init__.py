"""
The commands of `python -m training`, one module each.

In: the arguments of the command line.  Out: the exit status, and the output of the command.
"""
