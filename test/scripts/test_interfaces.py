"""
Test the message packages that replace those of a ROS distribution.

The released packages must pass as well.
"""

import json
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
    'hri_msgs/FacialLandmarks': {
        'header': 'std_msgs/Header',
        'landmarks': 'hri_msgs/NormalizedPointOfInterest2D[70]',
        'height': 'uint32',
        'width': 'uint32',
    },
    'hri_msgs/NormalizedPointOfInterest2D': {'x': 'float', 'y': 'float', 'c': 'float'},
    'tf2_msgs/TFMessage': {'transforms': 'sequence<geometry_msgs/TransformStamped>'},
}
# Type hashes, which ROS 2 compares before two programs communicate. They were computed with the
# same generator from the released definitions of vision_msgs 4.1.1 and hri_msgs 2.0.0; those of
# FacialLandmarks and TFMessage were computed from the definitions here.
HASHES = {
    'hri_msgs/FacialLandmarks': (
        'f1d6b0ba159f4d6be1632e5dfc9cb79ce5e35da73888da2a4789bd9b35112a63'
    ),
    'tf2_msgs/TFMessage': 'e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087',
    'hri_msgs/Expression': '411b88e0604397d44775d8ec6a4bc69398fb0dfbfe864c33a40fa99ee85f1b00',
    'hri_msgs/IdsList': '7e0812d1ac945c98fd3e393568d581ad0ab567f37b24eff633eab778c1bfe62d',
    'hri_msgs/NormalizedRegionOfInterest2D': (
        '2e50c93f1ca166ee77af9a5424dc951ae4e452b740162a7f83c082d917dcaff5'
    ),
    'vision_msgs/Detection2DArray': (
        '214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968'
    ),
    'vision_msgs/LabelInfo': '3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783',
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


@pytest.mark.parametrize('name', HASHES)
def test_a_message_has_the_type_hash_of_the_released_one(name):
    packages = pytest.importorskip('ament_index_python.packages')
    package, message = name.split('/')
    try:
        share = Path(packages.get_package_share_directory(package))
    except packages.PackageNotFoundError:
        pytest.skip(f'{package} is not built here')
    description = share / 'msg' / f'{message}.json'
    if not description.is_file():
        pytest.skip('this distribution knows no type hashes')

    hashes = {
        one['type_name']: one['hash_string']
        for one in json.loads(description.read_text())['type_hashes']
    }

    assert hashes[f'{package}/msg/{message}'] == f'RIHS01_{HASHES[name]}'


def test_every_expression_has_its_constant():
    expression = message_class('hri_msgs/Expression')

    assert [getattr(expression, name.upper()) for name in EXPRESSIONS] == EXPRESSIONS


def test_there_is_a_definition_for_each_message_and_no_other():
    written = {f'{path.parts[-3]}/{path.stem}' for path in INTERFACES.glob('*/msg/*.msg')}

    assert written == set(FIELDS)


@pytest.mark.parametrize('package', ['vision_msgs', 'hri_msgs', 'tf2_msgs'])
def test_each_definition_is_built(package):
    build = (INTERFACES / package / 'CMakeLists.txt').read_text()

    for path in (INTERFACES / package / 'msg').iterdir():
        assert f'msg/{path.name}\n' in build
