"""
Read a data set in any of the supported formats.

In: a CSV file, folders or archives of pictures, or a packed file.  Out: `FaceData`, with the name
and the reason of everything that could not be read.
"""
