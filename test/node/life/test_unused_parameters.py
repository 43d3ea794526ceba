import os
from pathlib import Path

import pytest
from rclpy.parameter import Parameter

from fer_ros.camera.camera_node import CameraNode
from fer_ros.node.life.parameters import CheckedParameters
from fer_ros.node.life.parameters import declare_settings
from fer_ros.node.life.unused_parameters import parameter_files
from fer_ros.node.life.unused_parameters import warn_of_unused
from fer_ros.perception.parameter_files import applies_to
from fer_ros.perception.parameter_files import sections
from fer_ros.perception.settings import Settings
from fer_ros.sources.settings import CameraSettings


class Emotion(CheckedParameters):
    """A node with only the parameters of the emotion node."""

    SETTINGS = Settings


@pytest.fixture
def warned(graph, capfd, tmp_path, monkeypatch):
    """Return a function that starts a node with arguments or a file, and returns its warnings."""
    made = []
    # A long path would be shortened in a warning.
    monkeypatch.chdir(tmp_path)

    def start(*arguments, file=None, namespace=None):
        if file is not None:
            Path('params.yaml').write_bytes(file if isinstance(file, bytes) else file.encode())
            arguments = ('--params-file', 'params.yaml', *arguments)
        args = ['emotion_node', '--ros-args', *arguments]
        node = Emotion('emotion', context=graph.context, cli_args=args, namespace=namespace)
        made.append(node)
        declare_settings(node, Settings)
        warn_of_unused(node, args, {'camera': CameraSettings})
        return [line for line in capfd.readouterr().err.splitlines() if 'WARN' in line]

    yield start
    for node in made:
        node.destroy_node()


def section(name, *lines):
    return f'{name}:\n  ros__parameters:\n' + ''.join(f'    {line}\n' for line in lines)


def test_unknown_parameters_are_named_in_one_warning_with_the_closest_names(warned):
    (line,) = warned(file=section('/**', 'min_confidance: 0.9', 'max_face: 3', 'zzz: 1'))

    assert "unknown parameter 'max_face' (closest: max_faces)" in line
    assert "'min_confidance' (closest: min_confidence)" in line
    assert "'zzz'" in line


def test_unknown_parameters_of_the_command_line_are_named_too(warned):
    (line,) = warned('-p', 'holt:=1.0')

    assert "unknown parameter 'holt' (closest: hold)" in line


def test_many_unknown_parameters_are_counted(warned):
    (line,) = warned(file=section('/**', *(f'unknown_{index}: 1' for index in range(9))))

    assert line.endswith('and 4 more')


def test_parameters_of_the_other_node_and_of_rclpy_are_known(warned):
    lines = (
        'hold: 0.5',
        'source: astronaut',
        'rate: 5.0',
        'use_sim_time: false',
        'start_type_description_service: true',
        'qos_overrides:',
        '  /parameter_events:',
        '    publisher:',
        '      depth: 10',
    )

    assert warned(file=section('/**', *lines)) == []


@pytest.mark.parametrize(
    'name', ['/**', 'emotion', '/emotion', '/*', '"/**/emotion"', 'camera', '/**/camera']
)
def test_a_file_with_a_section_for_a_node_of_this_package_raises_no_warning(warned, name):
    assert warned(file=section(name, 'rate: 5.0')) == []


@pytest.mark.parametrize(
    ('file', 'has'),
    [
        (section('emotion_node', 'hold: 0.5'), "for /emotion, only for '/emotion_node'"),
        (section('/front/emotion', 'hold: 0.5'), "only for '/front/emotion'"),
        ('', 'has no section for /emotion: rename the section to /emotion or /**'),
    ],
)
def test_a_file_without_a_section_for_the_node_is_named_once(warned, file, has):
    (line,) = warned(file=file)

    assert 'params.yaml' in line
    assert has in line


def test_sections_of_a_namespace_are_found(warned):
    file = 'front:\n  emotion:\n    ros__parameters:\n      hold: 0.5\n'

    assert warned(file=file, namespace='front') == []
    assert len(warned(file=file, namespace='back')) == 1


@pytest.mark.parametrize(
    'file',
    [
        section('emotion', 'hold: 0.5').replace('\n', '\r\n').encode('utf-8-sig'),
        section('emotion', r'model: "\x1b[2J"').encode(),
        # YAML interprets this value as a date, which is invalid.
        section('emotion', 'model: 2024-99-99').encode(),
        section('emotion', 'draw: !custom boxes').encode(),
        section('emotion', 'draw: !!str boxes').encode(),
        section('emotion', 'hold: 0.5', 'hold: 0.6').encode(),
    ],
)
def test_files_that_python_reads_differently_do_no_harm(warned, file):
    assert warned(file=file) == []


def test_unknown_names_cannot_forge_a_line(warned):
    (line,) = warned(file=section('/**', r'"a\n[FATAL]\x1b[2J": 1', f'{"x" * 1000}: 1'))

    assert '\x1b[2J' not in line
    assert len(line) < 500


def test_what_cannot_be_read_twice_is_not_read(tmp_path):
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    large = tmp_path / 'large.yaml'
    large.write_bytes(b'#' * 2_000_000)

    for path in (pipe, large, tmp_path, tmp_path / 'missing'):
        with pytest.raises(ValueError, match='regular file'):
            sections(path)


def test_deep_nesting_is_no_section_and_no_error(tmp_path):
    path = tmp_path / 'deep.yaml'
    path.write_text('{a: ' * 60 + '1' + '}' * 60)

    assert sections(path) == []
    path.write_text('[' * 100_000)
    with pytest.raises(ValueError, match='.'):
        sections(path)


def test_parameter_files_are_those_among_the_arguments_of_ros():
    arguments = ['--params-file', 'no', '--ros-args', '--params-file', 'a', '--', '--params-file']
    arguments += ['no', '--ros-args', '-p', 'x:=1', '--params-file', 'b', '--params-file']

    assert [str(path) for path in parameter_files(arguments)] == ['a', 'b']


@pytest.mark.parametrize(
    ('pattern', 'name', 'applies'),
    [
        ('/**', '/emotion', True),
        ('/**', '/front/emotion', True),
        ('/*', '/emotion', True),
        ('/*', '/front/emotion', False),
        ('/*/emotion', '/front/emotion', True),
        ('/front/**', '/front/emotion', True),
        ('/front/**', '/back/emotion', False),
        ('/**/emotion', '/emotion', True),
        ('/emotion', '/emotion_2', False),
        ('/emotion.', '/emotion_', False),
    ],
)
def test_sections_apply_as_rcl_takes_them(pattern, name, applies):
    assert applies_to(pattern, name) == applies


def test_the_camera_node_warns_before_it_opens_its_source(graph, capfd):
    overrides = [Parameter('source', value='gone'), Parameter('ratte', value=1)]
    with pytest.raises(Exception, match='gone'):
        CameraNode(context=graph.context, parameter_overrides=overrides)

    # The unknown parameter may be the cause of the error.
    assert "'ratte' (closest: rate)" in capfd.readouterr().err
