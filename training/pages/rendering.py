"""
Fill the templates of pages, `templates/*.html` and `templates/*.md`, with Jinja2.

A missing value is an error.  In HTML, text is escaped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2 import FileSystemLoader
from jinja2 import select_autoescape
from jinja2 import StrictUndefined

from training.pages.formats import interval
from training.pages.formats import percent
from training.pages.formats import percent_interval
from training.pages.formats import thousands

TEMPLATES = Path(__file__).resolve().parent / 'templates'

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(['html']),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters.update(
    interval=interval,
    percent=percent,
    percent_interval=percent_interval,
    thousands=thousands,
)


def render(template: str, **values: Any) -> str:
    """
    Fill a template.

    :param template: name of a file in `TEMPLATES`; text is escaped if the name ends in '.html'.
    :param values: values by the names that the template uses.
    :return: text of the page.
    :raises jinja2.TemplateNotFound: if there is no such file.
    :raises jinja2.UndefinedError: if a value that the template needs is missing.
    """
    return _ENVIRONMENT.get_template(template).render(values)
