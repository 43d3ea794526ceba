"""Test the launch file for several cameras, each with its own node."""

from launch.actions import DeclareLaunchArgument
import psutil
import pytest
from vision_msgs.msg import Detection2DArray
import yaml

from fer_ros.perception.models.model_files import bundle_folders
from launched import describe
from launched import nodes
from launched import parameter_files

LAUNCH_FILE = 'cameras.launch.py'


def remapped(node):
    return dict(node.expanded_remapping_rules)


def test_every_argument_is_declared_and_described():
    declared = [
        entity for entity in describe(LAUNCH_FILE) if isinstance(entity, DeclareLaunchArgument)
    ]

    assert [one.name for one in declared] == [
        'cameras',
        'sources',
        'image_topic',
        'depth_topic',
        'camera_info_topic',
        'required',
        'params_file',
        'model',
        'backend',
        'use_sim_time',
        'log_level',
        'respawn',
    ]
    assert all(len(one.description) > 10 for one in declared)
    assert [one.name for one in declared if one.default_value is None] == ['cameras']


def test_each_camera_has_a_node_in_its_namespace():
    front, back = nodes(LAUNCH_FILE, cameras='front, back', image_topic='image_raw')

    assert [front.expanded_node_namespace, back.expanded_node_namespace] == ['/front', '/back']
    assert remapped(front)['image'] == remapped(back)['image'] == 'image_raw'


def test_the_name_of_a_camera_may_stand_anywhere_in_a_topic():
    topics = {'image_topic': '/robot/{camera}/rgb', 'depth_topic': '/robot/{camera}/depth'}

    front, back = nodes(LAUNCH_FILE, cameras='front,back', **topics)

    assert remapped(front)['image'] == '/robot/front/rgb'
    assert remapped(back)['depth'] == '/robot/back/depth'


def test_what_holds_for_all_goes_to_all_and_to_nothing_else():
    both = nodes(LAUNCH_FILE, cameras='front,back', model='other', use_sim_time='true')

    for node in both:
        given = [yaml.safe_load(path.read_text()) for path in parameter_files(node)][1:]
        assert [section['ros__parameters'] for one in given for section in one.values()] == [
            {'use_sim_time': True},
            {'model': 'other'},
        ]


def test_camera_nodes_are_started_on_their_sources():
    started = nodes(LAUNCH_FILE, cameras='front,back', sources='astronaut,0')

    assert [(one.expanded_node_namespace, one.node_name) for one in started] == [
        ('/front', '/front/emotion'),
        ('/front', '/front/camera'),
        ('/back', '/back/emotion'),
        ('/back', '/back/camera'),
    ]
    sources = [
        yaml.safe_load(parameter_files(one)[-1].read_text()) for one in (started[1], started[3])
    ]
    assert [list(one.values()) for one in sources] == [
        [{'ros__parameters': {'source': 'astronaut'}}],
        [{'ros__parameters': {'source': '0'}}],
    ]


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (
            {'cameras': 'front,front'},
            "cameras is 'front,front', but must be a list of different names",
        ),
        ({'cameras': ' , '}, 'must be a list of different names'),
        ({'cameras': 'front,2nd'}, "cameras contains '2nd', but a name"),
        ({'cameras': 'front,back', 'sources': '0'}, 'sources has 1 entries, but must have 2'),
        (
            {'cameras': 'front,back', 'image_topic': '/image'},
            "image_topic is '/image', the same topic for all cameras",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        nodes(LAUNCH_FILE, **arguments)


def test_faces_of_both_cameras_come_out(launched):
    pytest.importorskip('skimage')
    bundle = next(bundle_folders(), None)
    if bundle is None:
        pytest.skip('there is no model here')
    found = {'/front/emotion': [], '/back/emotion': []}
    one = launched(
        LAUNCH_FILE, cameras='front,back', sources='astronaut,astronaut', model=str(bundle)
    )
    for topic, messages in found.items():
        one.node.create_subscription(Detection2DArray, topic, messages.append, 10)

    one.wait_until(
        lambda: all(
            any(message.detections for message in list(messages)) for messages in found.values()
        )
    )

    # Each process must use the profile with shared memory for images.
    for number in one.process_ids('(?:emotion|camera)_node'):
        values = psutil.Process(number).environ().values()
        assert any('config/fastdds.xml' in value for value in values)
    assert one.stop() == 0
    assert one.log.count('process has finished cleanly') == 4
    assert 'Traceback' not in one.log
