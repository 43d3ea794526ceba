"""
Pages and terminal text.

In: figures, cards and rows of results.  Out: HTML, Markdown, SVG and plain text.
The text of the pages of HTML and Markdown is in `templates/`.
"""
