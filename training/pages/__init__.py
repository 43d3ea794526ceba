"""
Generate pages and terminal text.

In: figures, cards and rows of results.  Out: HTML, Markdown, SVG and plain text.
`templates/` has the text of the pages in HTML and Markdown.
"""
