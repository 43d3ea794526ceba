import pytest

from fer_ros.perception.settings import setting_fields
from fer_ros.perception.settings import SettingError
from fer_ros.perception.settings import Settings


def test_every_default_is_a_value_that_may_be_set():
    defaults = {field.name: field.default for field in setting_fields()}

    assert Settings().changed(defaults) == Settings()


def test_every_setting_says_what_it_does():
    for field in setting_fields():
        assert field.metadata['description'].endswith(('.', ']'))


def test_an_int_is_taken_where_a_float_is_meant():
    changed = Settings().changed({'hold': 1})

    assert changed.hold == 1.0
    assert isinstance(changed.hold, float)


def test_a_list_is_taken_as_it_comes_from_a_file():
    assert Settings().changed({'groups': ['a=b', 'c=d']}).groups == ('a=b', 'c=d')


def test_other_settings_stay_as_they_are():
    changed = Settings().changed({'hold': 0.5}).changed({'smoothing': 0.1})

    assert (changed.hold, changed.smoothing) == (0.5, 0.1)


@pytest.mark.parametrize(
    ('name', 'value', 'sentence'),
    [
        ('hold', -0.1, r'hold is -0\.1, but must be from 0\.0 to 10\.0'),
        ('hold', float('nan'), 'hold is nan'),
        ('hold', float('inf'), 'hold is inf'),
        ('hold', '1', "hold is '1', but must be a number"),
        ('hold', True, 'hold is True, but must be a number'),
        ('hold', None, 'hold is None, but must be a number'),
        ('max_faces', 1.0, r'max_faces is 1\.0, but must be an integer'),
        ('max_faces', 0, 'max_faces is 0, but must be from 1 to 256'),
        ('max_faces', True, 'must be an integer'),
        ('bit_depth', 7, 'bit_depth is 7, but must be 0 or from 8 to 16'),
        ('bit_depth', 17, 'bit_depth is 17, but must be 0 or from 8 to 16'),
        ('bit_depth', -1, 'bit_depth is -1, but must be 0 or from 8 to 16'),
        ('model', 3, 'model is 3, but must be a string'),
        ('backend', 'cuda', "backend is 'cuda', but must be one of auto, tensorflow"),
        ('rotation', 45, 'rotation is 45, but must be one of 0, 90, 180, 270'),
        ('groups', 'a=b', "groups is 'a=b', but must be a list of strings"),
        ('groups', ['a', 1], 'must be a list of strings'),
        ('holds', 1.0, "no setting 'holds'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_a_sentence(name, value, sentence):
    with pytest.raises(SettingError, match=sentence):
        Settings().changed({name: value})


@pytest.mark.parametrize(
    'name',
    ['draw', 'hold', 'groups', '\x1b[2J\n' * 10_000],
    ids=['draw', 'hold', 'groups', 'forged'],
)
@pytest.mark.parametrize(
    'value',
    ['\x1b[2J\n' * 10_000, ['x' * 1000, 1] * 1000, b'\0' * 1000],
    ids=['text', 'list', 'bytes'],
)
def test_a_refusal_of_an_odd_value_is_one_short_line(name, value):
    with pytest.raises(SettingError) as refused:
        Settings().changed({name: value})

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200
