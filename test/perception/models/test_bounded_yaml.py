import pytest

from fer_ros.perception.models.bounded_yaml import load_yaml
from fer_ros.perception.quoting import shortened

BILLION_LAUGHS = 'a0: &a0 [x]\n' + ''.join(
    f'a{level}: &a{level} [{", ".join([f"*a{level - 1}"] * 9)}]\n' for level in range(1, 9)
)


def test_plain_yaml_is_read_as_its_types():
    assert load_yaml('a: [1, 2.5, x, true, null]\nb: {c: d}') == {
        'a': [1, 2.5, 'x', True, None],
        'b': {'c': 'd'},
    }


TEXTS = {
    'billion laughs': (BILLION_LAUGHS, 'line 1: an anchor'),
    'an anchor': ('a: &x 1', 'line 1: an anchor'),
    'an alias': ('a: 1\nb: *x', 'line 2: an anchor'),
    'deep lists': ('[' * 500_000, 'nested more than 32 levels'),
    'deep blocks': ('- ' * 100_000, 'nested more than 32 levels'),
    'many values': ('- a\n' * 200_000, 'more than 10000 values'),
    'a long scalar': ('a: ' + '9' * 20_000, 'more than 4000 characters'),
    'a constructor': ('a: !!python/object/apply:os.system [ls]', 'not determine a constructor'),
    'a list as key': ('? [a]\n: b', 'unhashable'),
    'no date': ('a: 2001-99-99', 'month must be'),
    'no timestamp': ('a: !!timestamp x', 'Error'),
    'no integer': ('a: !!int x', 'invalid literal'),
    'another version': ('%YAML 9.9\n---\na: b', 'incompatible YAML document'),
    'a NUL': ('a: \0', 'ReaderError'),
    'two documents': ('a: b\n--- \nc: d', 'found another document'),
    'an open list': ('a: [', 'expected the node content'),
}


@pytest.mark.parametrize('name', TEXTS)
def test_costly_or_broken_yaml_is_refused(name):
    text, reason = TEXTS[name]

    with pytest.raises(ValueError, match=reason) as caught:
        load_yaml(text)
    assert len(shortened(caught.value)) <= 300
