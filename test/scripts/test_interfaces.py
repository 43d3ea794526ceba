"""The messages that stand in for a distribution's; there the released ones must pass too."""

from pathlib import Path

import pytest

INTERFACES = Path(__file__).resolve().parents[2] / 'interfaces'

FIELDS = {
    'vision_msgs/Detection2DArray': {
        'header': 'std_msgs/Header',
        'detections': 'sequence<vision_msgs/Detection2D>',
    },
    'vision_msgs/Detection2D': {
        'header': 'std_msgs/Header',
        'results': 'sequence<vision_msgs/ObjectHypothesisWithPose>',
        'bbox': 'vision_msgs/BoundingBox2D',
        'id': 'string',
    },
    'vision_msgs/ObjectHypothesisWithPose': {
        'hypothesis': 'vision_msgs/ObjectHypothesis',
        'pose': 'geometry_msgs/PoseWithCovariance',
    },
    'vision_msgs/ObjectHypothesis': {'class_id': 'string', 'score': 'double'},
    'vision_msgs/BoundingBox2D': {
        'center': 'vision_msgs/Pose2D',
        'size_x': 'double',
        'size_y': 'double',
    },
    'vision_msgs/Pose2D': {'position': 'vision_msgs/Point2D', 'theta': 'double'},
    'vision_msgs/Point2D': {'x': 'double', 'y': 'double'},
    'vision_msgs/LabelInfo': {
        'header': 'std_msgs/Header',
        'class_map': 'sequence<vision_msgs/VisionClass>',
        'threshold': 'float',
    },
    'vision_msgs/VisionClass': {'class_id': 'uint16', 'class_name': 'string'},
    'hri_msgs/Expression': {
        'header': 'std_msgs/Header',
        'expression': 'string',
        'valence': 'float',
        'arousal': 'float',
        'confidence': 'float',
    },
    'hri_msgs/IdsList': {'header': 'std_msgs/Header', 'ids': 'sequence<string>'},
    'hri_msgs/NormalizedRegionOfInterest2D': {
        'header': 'std_msgs/Header',
        'xmin': 'float',
        'ymin': 'float',
        'xmax': 'float',
        'ymax': 'float',
        'c': 'float',
    },
}
EXPRESSIONS = [
    'neutral',
    'angry',
    'sad',
    'happy',
    'surprised',
    'disgusted',
    'scared',
    'pleading',
    'vulnerable',
    'despaired',
    'guilty',
    'disappointed',
    'embarrassed',
    'horrified',
    'skeptical',
    'annoyed',
    'furious',
    'suspicious',
    'rejected',
    'bored',
    'tired',
    'asleep',
    'confused',
    'amazed',
    'excited',
]


def message_class(name):
    package, message = name.split('/')
    return getattr(pytest.importorskip(f'{package}.msg'), message)


@pytest.mark.parametrize('name', FIELDS)
def test_a_message_has_the_released_fields_in_the_released_order(name):
    found = message_class(name).get_fields_and_field_types()

    assert list(found.items()) == list(FIELDS[name].items())


def test_every_expression_has_its_constant():
    expression = message_class('hri_msgs/Expression')

    assert [getattr(expression, name.upper()) for name in EXPRESSIONS] == EXPRESSIONS


def test_there_is_a_definition_for_each_message_and_no_other():
    written = {f'{path.parts[-3]}/{path.stem}' for path in INTERFACES.glob('*/msg/*.msg')}

    assert written == set(FIELDS)


@pytest.mark.parametrize('package', ['vision_msgs', 'hri_msgs'])
def test_each_definition_is_built(package):
    build = (INTERFACES / package / 'CMakeLists.txt').read_text()

    for path in (INTERFACES / package / 'msg').iterdir():
        assert f'msg/{path.name}\n' in build
