"""In: the analysed frames of a recording. Out: its files: tables, MCAP, video and page."""
