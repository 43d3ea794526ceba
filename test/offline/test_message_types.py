from pathlib import Path

import pytest
from recorded import as_plain

from fer_ros.node.message_types import MESSAGE_TYPES
from fer_ros.offline.outputs import message_types
from fer_ros.offline.outputs.message_types import MessageClasses

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = Path(message_types.__file__).parent / message_types.DEFINITIONS


def test_the_definitions_are_those_of_the_interfaces():
    interfaces = ROOT / 'interfaces' / message_types.PACKAGE / 'msg'

    own, others = (
        {path.name: path.read_text() for path in folder.glob('*.msg')}
        for folder in (DEFINITIONS, interfaces)
    )

    assert own == others
    assert len(own) > 5


@pytest.mark.parametrize(
    'name',
    [
        'vision_msgs/msg/Detection2DArray',
        'vision_msgs/msg/Detection2D',
        'vision_msgs/msg/ObjectHypothesisWithPose',
        'vision_msgs/msg/LabelInfo',
        'vision_msgs/msg/VisionClass',
        'std_msgs/msg/Header',
    ],
)
def test_an_empty_message_is_that_of_ros(name):
    assert as_plain(MessageClasses()[name]()) == as_plain(MESSAGE_TYPES[name]())


def test_messages_do_not_share_their_parts():
    make = MessageClasses()['vision_msgs/msg/ObjectHypothesisWithPose']
    one, other = make(), make()

    one.pose.covariance[0] = -1
    one.pose.pose.position.x = 1.0

    assert other.pose.covariance[0] == 0
    assert other.pose.pose.position.x == 0
