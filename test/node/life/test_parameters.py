from pathlib import Path

import cv2
import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
import yaml

from fer_ros.camera.camera_node import CameraNode
from fer_ros.node.emotion_node import EmotionNode
from fer_ros.perception.parameter_values import closest
from fer_ros.perception.settings import SettingError

SHIPPED = Path(__file__).resolve().parents[3] / 'config' / 'emotion.yaml'


def set_each(node, values):
    """Set parameters individually in one request, like `ros2 param load`."""
    (service,) = [one for one in node.services if one.srv_type is SetParameters]
    request = SetParameters.Request(
        parameters=[Parameter(name, value=value).to_parameter_msg() for name, value in values]
    )
    return service.callback(request, SetParameters.Response()).results


def test_the_shipped_file_can_be_loaded_into_a_node_that_runs(node):
    values = yaml.safe_load(SHIPPED.read_text())['/**']['ros__parameters']

    results = set_each(node, values.items())

    assert [one.reason for one in results if not one.successful] == []
    assert len(results) == len(values)


def test_a_read_only_parameter_keeps_its_value(node):
    same, other = set_each(node, [('autostart', True), ('autostart', False)])

    assert same.successful
    assert not other.successful
    assert 'read-only' in other.reason
    assert node.get_parameter('autostart').value is True


def test_a_read_only_parameter_of_the_wrong_type_is_refused_in_words_of_the_setting(node):
    (result,) = set_each(node, [('autostart', 1)])

    assert result.reason == 'autostart is 1, but must be true or false'


def test_parameters_beside_an_unchanged_read_only_one_are_set(node):
    result = node.set_parameters_atomically(
        [Parameter('autostart', value=True), Parameter('hold', value=0.7)]
    )

    assert result.successful
    assert node._settings.hold == 0.7


def test_the_camera_node_takes_the_values_that_it_has(graph, tmp_path):
    path = tmp_path / 'picture.png'
    assert cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    overrides = [Parameter('source', value=str(path)), Parameter('loop', value=True)]
    camera = graph.add(CameraNode(context=graph.context, parameter_overrides=overrides))

    same, whole, other, unknown = set_each(
        camera, [('source', str(path)), ('rate', 0), ('rate', 5.0), ('ratte', 5.0)]
    )

    assert same.successful
    assert whole.successful  # the integer 0 is accepted for 0.0
    assert 'read-only' in other.reason
    assert unknown.reason.startswith("there is no parameter 'ratte' (closest: rate)")


@pytest.mark.parametrize(
    ('name', 'near'),
    [
        ('min_confidance', ' (closest: min_confidence)'),
        ('emotion.min_confidence', ' (closest: min_confidence)'),
        ('max_face', ' (closest: max_faces)'),
        ('zzz', ''),
        ('', ''),
        ('x' * 10_000_000, ''),
    ],
    ids=lambda text: text[:30],
)
def test_the_closest_name_is_found(name, near):
    assert closest(name, EmotionNode.SETTINGS.__dataclass_fields__) == near


def test_an_empty_list_is_no_groups(graph, parts):
    # For an empty list in a file, rcl creates a parameter without a value.
    overrides = [Parameter('groups')]
    node = graph.add(EmotionNode(context=graph.context, parameter_overrides=overrides))

    assert node.get_parameter('groups').value == ['']


def test_a_text_that_yaml_reads_as_a_truth_value_is_refused_with_the_cause(graph):
    overrides = [Parameter('draw', value=False)]

    with pytest.raises(
        SettingError, match='draw is False, but must be a string. YAML reads yes, no, on'
    ):
        EmotionNode(context=graph.context, parameter_overrides=overrides)
