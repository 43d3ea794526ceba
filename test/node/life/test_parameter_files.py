"""A parameter file has the same values with and without rcl."""

import pytest
from rclpy.node import Node

from fer_ros.node.life.parameters import declare_settings
from fer_ros.perception.parameter_files import ParameterFileError
from fer_ros.perception.parameter_files import read_parameters
from fer_ros.perception.settings import Settings

VALUES = """
emotion:
  ros__parameters: {last: 1, hold: 0.25}
/**:
  ros__parameters:
    hold: 3
    integer: 007
    hexadecimal: 0x1F
    sum: -12
    number: 1.5e-3
    point: .5
    whole: 2.
    large: 1e3
    true_word: on
    false_word: "off"
    quoted: '12'
    word: some words
    nothing: ''
    infinite: .inf
    names: [happy=joy, other]
    flags: [true, false]
    nested: {inner: {deep: 4}}
    last: 0
/*:
  ros__parameters: {star: 1, last: 2}
other:
  ros__parameters: {hold: 9.0}
/ns/emotion:
  ros__parameters: {last: 5}
"""


def rcl_values(graph, path):
    args = ['emotion_node', '--ros-args', '--params-file', str(path)]
    node = Node('emotion', context=graph.context, cli_args=args, use_global_arguments=False)
    try:
        return {name: one.value for name, one in node._parameter_overrides.items()}
    finally:
        node.destroy_node()


def test_values_are_those_of_rcl(graph, tmp_path):
    path = tmp_path / 'params.yaml'
    path.write_text(VALUES)

    values, sections = read_parameters(path, '/emotion')

    expected = rcl_values(graph, path)
    expected.pop('use_sim_time', None)
    assert {name: repr(one) for name, one in values.items()} == {
        name: repr(one) for name, one in expected.items()
    }
    assert sections == ['/emotion', '/**', '/*', '/other', '/ns/emotion']


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        (None, 'No such file'),
        ('', 'no section'),
        ('a: 1', 'no section'),
        ('/**: {ros__parameters: 3}', 'must be a map'),
        ('{', 'line'),
        ('a: &a {ros__parameters: {}}', 'anchor'),
        ('x: ' + 'y' * 2**20, 'larger than 1 MiB'),
    ],
)
def test_what_is_no_parameter_file_is_refused_in_a_sentence(tmp_path, text, reason):
    path = tmp_path / 'params.yaml'
    if text is not None:
        path.write_text(text)

    with pytest.raises(ParameterFileError, match=reason) as refused:
        read_parameters(path, '/emotion')

    assert 'params.yaml' in str(refused.value)
    assert '\n' not in str(refused.value)


def test_a_value_is_refused_in_the_same_words(graph, tmp_path):
    from fer_ros.perception.parameter_values import settings_of

    for text in ('hold: -1', 'hold: soon', 'draw: yes', 'groups: [1]', 'backend: none'):
        path = tmp_path / 'params.yaml'
        path.write_text(f'/**: {{ros__parameters: {{{text}}}}}')
        args = ['emotion_node', '--ros-args', '--params-file', str(path)]
        node = Node('emotion', context=graph.context, cli_args=args, use_global_arguments=False)
        with pytest.raises(ValueError, match='but must be') as live:
            declare_settings(node, Settings)
        node.destroy_node()

        with pytest.raises(ValueError, match='but must be') as offline:
            settings_of(Settings, read_parameters(path, '/emotion')[0])

        assert str(offline.value) == str(live.value)
