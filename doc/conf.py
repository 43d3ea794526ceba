"""
Configuration of the documentation site.

`scripts/docs` builds the site with the root of the repository as the source folder, so the links
between the pages are the same on GitHub and on the site.
rosdoc2, which builds docs.ros.org, executes this file as well, with folders and an index of its
own. It defines `rosdoc2_settings` before, and adds its extensions, theme and API pages after.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
import posixpath
import re
import sys
from typing import Any
import xml.etree.ElementTree as ElementTree

from sphinx.util.nodes import make_refnode

for_rosdoc2 = 'rosdoc2_settings' in globals()

extensions = ['sphinx.ext.autodoc', 'myst_parser']
# The slugs of headings as GitHub makes them.
myst_heading_anchors = 6
# The docstrings name code in single backticks; a name of the API becomes a link.
default_role = 'py:obj'
highlight_language = 'none'
autodoc_member_order = 'bysource'
add_module_names = False
python_use_unqualified_type_names = True
maximum_signature_line_length = 80
# Back ends and detectors import these libraries only if they are installed.
autodoc_mock_imports = ['ai_edge_litert', 'jax', 'keras', 'onnxruntime', 'tensorflow', 'torch']


def read_contents(index: str) -> dict[str, list[str]]:
    """
    Read the list of pages in doc/README.md.

    :param index: the text of doc/README.md.
    :return: the pages below each caption, as names of Sphinx: paths from the root of the
        repository, without suffix.
    """
    contents: dict[str, list[str]] = {}
    for caption, items in re.findall(r'^([^\n-][^\n]*):\n\n((?:- .*\n)+)', index, re.M):
        targets = re.findall(r'^- \[[^]]*\]\(([^)#]+)\)', items, re.M)
        contents[caption] = [
            posixpath.normpath(posixpath.join('doc', posixpath.splitext(target)[0]))
            for target in targets
        ]
    return contents


def write_toctrees(contents: dict[str, list[str]]) -> str:
    """Return the hidden tables of contents that fill the navigation of the site."""
    return ''.join(
        '\n```{toctree}\n:hidden:\n'
        + (f':caption: {caption}\n\n' if caption else '\n')
        + '\n'.join(pages)
        + '\n```\n'
        for caption, pages in contents.items()
    )


def api_page(package: Path, root: Path) -> str:
    """
    Write the API page of a folder: its docstring, then each module of the folder.

    :param package: a folder with Python modules.
    :param root: the folder from which the modules are imported.
    :return: the page as reStructuredText.
    """
    parts = []
    modules = sorted(path for path in package.glob('*.py') if path.stem != '__init__')
    for path in [package, *modules]:
        module = '.'.join(path.relative_to(root).with_suffix('').parts)
        title = module.removeprefix('fer_ros.') if path == package else path.stem
        underline = ('=' if path == package else '-') * len(title)
        # A name that a package repeats is described only in the module that defines it.
        options = '   :members:\n   :undoc-members:\n   :show-inheritance:\n'
        options += '   :ignore-module-all:\n'
        parts.append(f'{title}\n{underline}\n\n.. automodule:: {module}\n{options}')
    folders = sorted(path.parent for path in package.glob('*/__init__.py'))
    if folders:
        pages = [f'   {".".join(folder.relative_to(root).parts)}\n' for folder in folders]
        parts.insert(1, '.. toctree::\n   :maxdepth: 1\n\n' + ''.join(pages))
    return '\n'.join(parts)


if not for_rosdoc2:
    root = Path(__file__).resolve().parents[1]
    sys.path.insert(0, str(root))

    package = ElementTree.parse(root / 'package.xml').getroot()
    project = package.findtext('name')
    author = package.findtext('author')
    release = version = package.findtext('version')
    project_copyright = f'{author}. Licence: {package.findtext("license")}'

    contents = {'': ['doc/README']}
    contents |= read_contents((root / 'doc' / 'README.md').read_text(encoding='utf-8'))
    contents['API'] = ['doc/api/fer_ros.perception']
    root_doc = 'README'
    source_suffix = {'.rst': 'restructuredtext', '.md': 'markdown'}
    include_patterns = [
        f'{page}{suffix}'
        for page in [root_doc, *chain(*contents.values())]
        for suffix in source_suffix
    ]
    # A page that doc/README.md does not list raises a warning.
    include_patterns += ['doc/*.md', 'doc/api/*.rst']

    html_theme = 'furo'
    html_static_path = ['_static']
    html_css_files = ['site.css']
    html_title = f'{project} {version}'
    html_show_sphinx = False


def setup(app: Any) -> None:
    """Write the API pages, and add the navigation to the first page of the site."""

    def write_api_pages(app: Any) -> None:
        api = root / 'doc' / 'api'
        api.mkdir(exist_ok=True)
        for path in (root / 'fer_ros' / 'perception').rglob('__init__.py'):
            name = '.'.join(path.parent.relative_to(root).parts)
            (api / f'{name}.rst').write_text(api_page(path.parent, root), encoding='utf-8')

    def find_name(app: Any, env: Any, node: Any, text: Any) -> Any:
        """Resolve a name without its module, if only one module has this name."""
        if node.get('reftype') != 'obj':
            return None
        python = env.get_domain('py')
        found = python.find_obj(env, None, None, node['reftarget'], 'obj', 1)
        if len(found) != 1:
            return None
        ((name, entry),) = found
        page = node['refdoc']
        return make_refnode(app.builder, page, entry.docname, entry.node_id, text, name)

    def add_navigation(app: Any, page: str, source: list[str]) -> None:
        if page == 'README':
            source[0] += write_toctrees(contents)

    if not for_rosdoc2:
        app.connect('builder-inited', write_api_pages)
        app.connect('missing-reference', find_name)
        app.connect('source-read', add_navigation)
