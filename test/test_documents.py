"""Check that the documents agree with the code, the YAML files and the model cards."""

import ast
import configparser
from dataclasses import fields
from pathlib import Path
import re
import xml.etree.ElementTree as ElementTree

import pytest
import yaml

from fer_ros.perception.images.decoding import LARGEST_SIDE
from fer_ros.perception.images.decoding import MOST_PIXELS
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import DEFAULT_MODEL
from fer_ros.perception.settings import setting_fields

ROOT = Path(__file__).resolve().parents[1]
MOST_README_LINES = 150
# The table of CONTRIBUTING.md with the files to change for each kind of contribution.
CHANGES = (
    (ROOT / 'CONTRIBUTING.md')
    .read_text(encoding='utf-8')
    .split('## What to change\n')[1]
    .split('\n## ')[0]
)
DEFAULTS = {
    field.name: list(field.default) if isinstance(field.default, tuple) else field.default
    for field in setting_fields()
}


def page(name):
    """Read a document by its path in the repository."""
    return (ROOT / name).read_text(encoding='utf-8')


def table_rows(name, heading):
    """Return the cells of each row of the first table under a heading of a document."""
    text = page(name).split(f'{heading}\n', 1)[1]
    section = re.split(r'^#+ ', text, maxsplit=1, flags=re.M)[0]
    table = section.split('\n|', 1)[1].split('\n\n', 1)[0]
    lines = table.splitlines()
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines[2:]]


def test_the_parameter_file_holds_the_defaults():
    written = yaml.safe_load((ROOT / 'config' / 'emotion.yaml').read_text(encoding='utf-8'))

    assert written['/**']['ros__parameters'] == DEFAULTS
    assert list(written['/**']['ros__parameters']) == list(DEFAULTS)


def test_the_table_of_parameters_is_that_of_the_code():
    rows = {row[0].strip('`'): row for row in table_rows('doc/parameters.md', '## Emotion node')}

    assert list(rows) == list(DEFAULTS)
    for field in setting_fields():
        _, default, bounds, words = rows[field.name]
        assert yaml.safe_load(default.strip('`')) == DEFAULTS[field.name], field.name
        if field.metadata['bounds']:
            low, high = field.metadata['bounds']
            off = field.metadata['off']
            before = '' if off is None else f'{off}, '
            assert bounds == f'{before}{low:g} to {high:g}', field.name
        else:
            assert bounds == ', '.join(map(str, field.metadata['choices'])), field.name
        assert words == field.metadata['description'], field.name


def test_the_table_of_the_camera_is_that_of_its_code():
    camera_node = pytest.importorskip('fer_ros.camera.camera_node', reason='it needs ROS')
    rows = {row[0].strip('`'): row for row in table_rows('doc/parameters.md', '## Camera node')}

    known = fields(camera_node.CameraSettings)
    assert list(rows) == [field.name for field in known]
    for field in known:
        assert yaml.safe_load(rows[field.name][1].strip('`')) == field.default
        assert rows[field.name][3] == field.metadata['description']


def test_the_default_model_is_shipped_and_complete():
    card = load_card(ROOT / 'models' / DEFAULT_MODEL)

    for kind in ('keras', 'tflite', 'onnx'):
        assert card.file(kind).stat().st_size < 10 * 2**20


def test_the_table_of_models_is_that_of_the_cards():
    rows = {row[0].strip('`'): row for row in table_rows('doc/models.md', '## Shipped models')}
    cards = [load_card(path.parent) for path in sorted(ROOT.glob('models/*/card.yaml'))]

    assert sorted(rows) == [card.name for card in cards]
    for card in cards:
        _, labels, accuracy, licence = rows[card.name][:4]
        (metrics,) = (
            metrics for name, metrics in card.metrics.items() if name.endswith('_private')
        )
        assert int(labels) == len(card.labels)
        assert accuracy == f'{100 * metrics["accuracy"]:.1f} %'
        assert licence == card.licence


def test_the_table_of_ckplus_is_that_of_the_cards():
    rows = {row[0].strip('`'): row for row in table_rows('doc/models.md', '## Which model to use')}

    # The card of ferplus_mobile has CK+ with contempt, the table has it without.
    assert sorted(rows) == ['fer2013_mobile', 'fer2013_tiny', 'ferplus_mobile']
    for name in ('fer2013_mobile', 'fer2013_tiny'):
        measured = load_card(ROOT / 'models' / name).metrics['ckplus']
        assert rows[name][1] == f'{100 * measured["accuracy"]:.1f} %'
        assert rows[name][2] == f'{100 * measured["accuracy_among_shared"]:.1f} %'


def test_the_figures_of_the_models_in_the_text_are_those_of_the_cards():
    fer2013, ferplus = (
        load_card(ROOT / 'models' / name).metrics for name in ('fer2013_mobile', 'ferplus_mobile')
    )
    accuracy = fer2013['fer2013_private']['accuracy']
    fear = fer2013['fer2013_private']['per_class']['fear']
    contempt = ferplus['ferplus_private']['per_class']['contempt']
    losses = [
        100 * metrics['real_path']['loss']
        for metrics in (fer2013['fer2013_private'], ferplus['ferplus_private'])
    ]

    for name, words in (
        ('README.md', f'(PrivateTest) | {100 * accuracy:.1f} % |'),
        (
            'README.md',
            f'`fer2013_mobile` recognises fear on {100 * fear["recall"]:.0f} % of its pictures',
        ),
        (
            'README.md',
            f'`ferplus_mobile` recognises contempt on {100 * contempt["recall"]:.0f} % of them',
        ),
        (
            'doc/models.md',
            '`fer2013_mobile` loses {:.1f} points, and `ferplus_mobile` loses {:.1f} '
            'points.'.format(*losses),
        ),
    ):
        assert words in page(name), words


def test_the_accuracies_beside_other_packages_are_those_of_the_cards():
    rows = {
        row[0].strip('`'): row
        for row in table_rows('doc/performance.md', '### Accuracy compared with other code')
    }

    assert len(rows) == 6
    for name in ('fer2013_mobile', 'fer2013_tiny'):
        accuracy = load_card(ROOT / 'models' / name).metrics['fer2013_private']['accuracy']
        assert rows[name][4] == f'{100 * accuracy:.1f} %'
    accuracy = load_card(ROOT / 'models' / 'ferplus_mobile').metrics['ferplus_private']['accuracy']
    assert rows['ferplus_mobile'][5] == f'{100 * accuracy:.1f} %'


def test_the_limits_of_an_image_are_those_of_the_code():
    limits = f'at most {LARGEST_SIDE} pixels a side and {MOST_PIXELS / 1e6:g} megapixels'

    assert limits in page('doc/security.md')


def test_the_version_is_the_same_everywhere():
    package = ElementTree.parse(ROOT / 'package.xml').getroot()
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')

    assert f"version='{package.findtext('version')}'" in setup
    assert package.findtext('maintainer') in setup
    assert f"maintainer_email='{package.find('maintainer').get('email')}'" in setup


def test_what_colcon_needs_is_there():
    config = configparser.ConfigParser()
    config.read(ROOT / 'setup.cfg')

    assert config['develop']['script_dir'] == '$base/lib/fer_ros'
    assert config['install']['install_scripts'] == '$base/lib/fer_ros'
    assert (ROOT / 'resource' / 'fer_ros').is_file()


@pytest.mark.parametrize('name', ['README.md', 'CHANGELOG.rst', 'CONTRIBUTING.md', 'LICENSE'])
def test_the_documents_are_there(name):
    assert (ROOT / name).stat().st_size > 200


@pytest.mark.parametrize(
    'thing',
    [
        'detector',
        'back end',
        'topic',
        'parameter of the emotion node',
        'image encoding',
        'form of a data set',
        'network',
        'recipe setting',
        'plot of a report',
    ],
)
def test_the_table_of_what_to_change_has_a_row_for(thing):
    assert f'\n| {thing} | `' in CHANGES


@pytest.mark.parametrize(
    ('name', 'words'),
    sorted(set(re.findall(r'`([\w/]+\.(?:py|md|yaml))`(?: \(([^)]*)\))?', CHANGES))),
)
def test_the_table_of_what_to_change_names_what_is_there(name, words):
    path = ROOT / name
    if 'NAME' in path.name:
        assert any(path.parent.glob(path.name.replace('NAME', '[!_]*')))
        return
    there = re.findall(r'\w+', path.read_text(encoding='utf-8'))

    assert set(re.findall(r'`(\w+)`', words)) <= set(there)


def test_the_picture_of_the_readme_is_small():
    assert '](doc/demo.gif)' in page('README.md').splitlines()[2]
    assert (ROOT / 'doc' / 'demo.gif').stat().st_size < 3 * 2**20


def test_the_readme_is_short():
    assert len(page('README.md').splitlines()) <= MOST_README_LINES


def test_the_index_lists_every_page():
    pages = {path.name for path in ROOT.glob('doc/*.md')} - {'README.md'}

    assert pages
    for name in pages:
        (line,) = (line for line in page('doc/README.md').splitlines() if f']({name})' in line)
        assert line.startswith('- ['), line


def anchors_of(text):
    """Return the anchors that GitHub makes of the headings of a document."""
    headings = re.findall(r'^#+ (.+)$', re.sub(r'^```.*?^```', '', text, flags=re.M | re.S), re.M)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}


def test_every_anchor_of_the_documents_exists():
    broken = []
    for document in (*ROOT.glob('*.md'), *ROOT.glob('doc/*.md'), *ROOT.glob('training/*.md')):
        text = document.read_text(encoding='utf-8')
        for target, anchor in re.findall(r'\]\(([^)#:]*)#([^)]+)\)', text):
            linked = document.parent / target if target else document
            if anchor not in anchors_of(linked.read_text(encoding='utf-8')):
                broken.append(f'{document.name}: {target}#{anchor}')

    assert broken == []


def test_every_link_of_the_documents_leads_somewhere():
    broken = []
    for document in (*ROOT.glob('*.md'), *ROOT.glob('doc/*.md'), *ROOT.glob('training/*.md')):
        for target in re.findall(r'\]\(([^)#]+)', document.read_text(encoding='utf-8')):
            if not target.startswith('http') and not (document.parent / target).exists():
                broken.append(f'{document.name}: {target}')

    assert broken == []


def locks_of(path):
    """Return the locks that a module creates, as `Class.attribute` or `module.name`."""
    for scope in [*ast.walk(ast.parse(path.read_text(encoding='utf-8')))]:
        if not isinstance(scope, (ast.Module, ast.ClassDef)):
            continue
        nodes = scope.body if isinstance(scope, ast.Module) else ast.walk(scope)
        owner = path.stem if isinstance(scope, ast.Module) else scope.name
        for node in nodes:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            made = node.value.func
            kind = made.attr if isinstance(made, ast.Attribute) else getattr(made, 'id', '')
            if kind in ('Lock', 'RLock', 'Condition'):
                target = node.targets[0]
                yield f'{owner}.{target.attr if isinstance(target, ast.Attribute) else target.id}'


def test_the_architecture_lists_every_lock():
    found = {lock for path in (ROOT / 'fer_ros').rglob('*.py') for lock in locks_of(path)}
    rows = page('doc/architecture.md').split('| lock |')[1].split('\n\n')[0].splitlines()[2:]
    listed = {row.split('`')[1] for row in rows}

    assert found
    assert listed == found
