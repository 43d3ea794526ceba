"""Test scripts/docs and the configuration of the documentation site, without Sphinx."""

import os
from pathlib import Path
import runpy
import subprocess
import sys
from types import ModuleType
import xml.etree.ElementTree as ElementTree

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
INDEX = """
# Documentation

Use it:

- [Start](start.md): the first steps
- [Train](../training/README.md): more

Read it:

- [Changes](../CHANGELOG.rst)
"""


@pytest.fixture
def conf(monkeypatch):
    """Execute doc/conf.py with a stand-in for Sphinx."""
    for name in ('sphinx', 'sphinx.util', 'sphinx.util.nodes'):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules['sphinx.util.nodes'].make_refnode = None
    monkeypatch.setattr(sys, 'path', [*sys.path])
    return runpy.run_path(str(ROOT / 'doc' / 'conf.py'))


def run_docs(*arguments, **environment):
    return subprocess.run(
        [str(ROOT / 'scripts' / 'docs'), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_tells_what_is_built_and_where():
    done = run_docs('--help')

    assert done.returncode == 0
    assert 'Build the documentation site in build/docs' in done.stdout


@pytest.mark.parametrize(
    ('arguments', 'environment', 'said'),
    [
        (['html'], {}, "got the argument 'html'"),
        ([], {'FER_ROS_PYTHON': '/nowhere/python3'}, "cannot find '/nowhere/python3'"),
    ],
)
def test_a_wrong_call_ends_with_one_line(arguments, environment, said):
    done = run_docs(*arguments, **environment)

    assert (done.returncode, done.stderr.count('\n')) == (1, 1)
    assert said in done.stderr


def test_a_python_that_is_too_old_is_refused(tmp_path):
    python = tmp_path / 'python'
    python.write_text('#!/bin/sh\necho 3.10 /usr\n')
    python.chmod(0o755)

    done = run_docs(FER_ROS_PYTHON=str(python))

    assert (done.returncode, done.stderr.count('\n')) == (1, 1)
    assert 'Python 3.10' in done.stderr
    assert '3.11 to 3.13' in done.stderr


def test_the_navigation_has_every_page(conf):
    listed = {page for pages in conf['contents'].values() for page in pages}

    assert {f'doc/{path.stem}' for path in ROOT.glob('doc/*.md')} <= listed
    assert {'CONTRIBUTING', 'CHANGELOG', 'training/README', 'benchmark/RESULTS'} <= listed
    for page in listed - {'doc/api/fer_ros.perception'}:
        assert any((ROOT / f'{page}{suffix}').is_file() for suffix in conf['source_suffix']), page


def test_the_navigation_is_read_from_the_index(conf):
    contents = conf['read_contents'](INDEX)

    assert contents == {'Use it': ['doc/start', 'training/README'], 'Read it': ['CHANGELOG']}
    assert ':caption: Read it\n\nCHANGELOG\n' in conf['write_toctrees'](contents)


def test_an_api_page_has_each_module_and_folder(conf, tmp_path):
    package = tmp_path / 'upper'
    (package / 'lower').mkdir(parents=True)
    for name in ('__init__.py', 'boxes.py', 'lower/__init__.py'):
        (package / name).touch()

    page = conf['api_page'](package, tmp_path)

    assert '.. automodule:: upper\n' in page
    assert '.. automodule:: upper.boxes\n' in page
    assert '\n   upper.lower\n' in page
    assert '__init__' not in page


def test_rosdoc2_finds_its_configuration():
    name = ElementTree.parse(ROOT / 'package.xml').getroot().findtext('export/rosdoc2')
    _, config = yaml.safe_load_all((ROOT / name).read_text(encoding='utf-8'))
    (builder,) = config['builders']

    assert (ROOT / config['settings']['python_source'] / '__init__.py').is_file()
    assert (ROOT / builder['sphinx']['user_doc_dir'] / 'conf.py').is_file()


def test_rosdoc2_keeps_its_own_index_and_theme():
    settings = {'rosdoc2_settings': {}, 'html_theme': 'its own', 'root_doc': 'index'}
    text = (ROOT / 'doc' / 'conf.py').read_text(encoding='utf-8')
    nodes = 'from sphinx.util.nodes import make_refnode\n'
    exec(text.replace(nodes, ''), settings)

    assert (settings['html_theme'], settings['root_doc']) == ('its own', 'index')
    assert 'include_patterns' not in settings
