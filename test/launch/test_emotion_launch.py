"""Test which nodes the launch file starts, with which parameters, and that they work."""

from itertools import pairwise
import os
from pathlib import Path
import signal

from ament_index_python.packages import get_package_prefix
from ament_index_python.packages import PackageNotFoundError
from launch.actions import DeclareLaunchArgument
from launch.actions import SetEnvironmentVariable
from launch.launch_context import LaunchContext
import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray
import yaml

from fer_ros.perception.models.model_files import bundle_folders
from launched import describe
from launched import nodes
from launched import parameter_files
from launched import PATIENCE
from launched import words_of

LAUNCH_FILE = 'emotion.launch.py'
ARGUMENTS = [
    'image_topic',
    'depth_topic',
    'camera_info_topic',
    'params_file',
    'namespace',
    'model',
    'backend',
    'camera',
    'use_sim_time',
    'log_level',
    'respawn',
    'required',
]
try:
    INSTALLED = Path(get_package_prefix('fer_ros'))
except PackageNotFoundError:
    pytest.skip('fer_ros is not installed', allow_module_level=True)


def test_every_argument_is_declared_and_described():
    declared = [
        entity for entity in describe(LAUNCH_FILE) if isinstance(entity, DeclareLaunchArgument)
    ]

    assert [one.name for one in declared] == ARGUMENTS
    assert all(len(one.description) > 10 for one in declared)
    assert all(one.default_value is not None for one in declared)


def test_the_default_parameters_are_those_of_the_package():
    (node,) = nodes(LAUNCH_FILE)

    assert words_of(node)[0] == str(INSTALLED / 'lib' / 'fer_ros' / 'emotion_node')
    assert parameter_files(node) == [INSTALLED / 'share' / 'fer_ros' / 'config' / 'emotion.yaml']
    assert node.expanded_remapping_rules == [
        ('image', 'image'),
        ('depth', 'depth'),
        ('camera_info', 'camera_info'),
    ]


def test_what_is_given_holds_against_the_file():
    (node,) = nodes(
        LAUNCH_FILE,
        model='123',
        backend='opencv',
        image_topic='/camera/image_raw',
        namespace='robot',
        log_level='debug',
    )

    _, *overrides = (yaml.safe_load(path.read_text()) for path in parameter_files(node))
    assert [list(one.values()) for one in overrides] == [
        [{'ros__parameters': {'model': '123'}}],
        [{'ros__parameters': {'backend': 'opencv'}}],
    ]
    assert ('image', '/camera/image_raw') in node.expanded_remapping_rules
    assert node.expanded_node_namespace == '/robot'
    assert ('--log-level', 'debug') in pairwise(words_of(node))


def test_the_clock_of_a_recording_is_taken_on_demand():
    for node in nodes(LAUNCH_FILE, use_sim_time='true', camera='0'):
        overrides = [yaml.safe_load(path.read_text()) for path in parameter_files(node)]
        assert {'use_sim_time': True} in [
            section['ros__parameters'] for one in overrides for section in one.values()
        ]


def test_a_camera_is_started_on_a_source_and_the_same_topic():
    _, camera = nodes(LAUNCH_FILE, camera='0', image_topic='/front/image')

    assert words_of(camera)[0] == str(INSTALLED / 'lib' / 'fer_ros' / 'camera_node')
    first, *_, last = (yaml.safe_load(path.read_text()) for path in parameter_files(camera))
    assert list(first.values()) == [{'ros__parameters': {'loop': True}}]
    assert list(last.values()) == [{'ros__parameters': {'source': '0'}}]
    assert camera.expanded_remapping_rules == [('image', '/front/image')]


@pytest.mark.parametrize(
    ('topic', 'raw'),
    [
        ('/cam/image_raw/compressed', '/cam/image_raw'),
        ('image/compressed', 'image'),
        ('/cam/jpeg', '/cam/jpeg'),
        ('/compressed', '/compressed'),
    ],
)
def test_a_camera_publishes_its_compressed_images_on_the_topic_that_is_given(topic, raw):
    node, camera = nodes(LAUNCH_FILE, camera='0', image_topic=topic)

    assert ('image', topic) in node.expanded_remapping_rules
    assert camera.expanded_remapping_rules == [('image', raw)]


@pytest.mark.parametrize('name', ['respawn', 'required', 'use_sim_time'])
def test_what_is_neither_true_nor_false_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} is 'yes', but must be true or false"):
        nodes(LAUNCH_FILE, **{name: 'yes'})


def test_depth_comes_from_the_topics_that_are_given():
    topics = {'depth_topic': '/camera/aligned_depth', 'camera_info_topic': '/camera/info'}

    (node,) = nodes(LAUNCH_FILE, **topics)

    assert node.expanded_remapping_rules[1:] == [
        ('depth', '/camera/aligned_depth'),
        ('camera_info', '/camera/info'),
    ]


def test_a_parameter_file_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match='/nowhere/emotion.yaml'):
        nodes(LAUNCH_FILE, params_file='/nowhere/emotion.yaml')


@pytest.mark.parametrize(('profile', 'set_by_us'), [(None, True), ('/my/profile.xml', False)])
def test_the_profile_of_the_user_is_left_alone(monkeypatch, profile, set_by_us):
    if profile:
        monkeypatch.setenv('FASTRTPS_DEFAULT_PROFILES_FILE', profile)

    entities = describe(LAUNCH_FILE)

    setters = [one for one in entities if isinstance(one, SetEnvironmentVariable)]
    assert bool(setters) == set_by_us
    for setter in setters:
        path = ''.join(part.perform(LaunchContext()) for part in setter.value)
        assert Path(path).name == 'fastdds.xml'
        assert Path(path).is_file()


@pytest.mark.parametrize(
    ('distribution', 'variable'),
    [
        ('humble', 'FASTRTPS_DEFAULT_PROFILES_FILE'),
        ('jazzy', 'FASTRTPS_DEFAULT_PROFILES_FILE'),
        ('kilted', 'FASTDDS_DEFAULT_PROFILES_FILE'),
        ('rolling', 'FASTDDS_DEFAULT_PROFILES_FILE'),
    ],
)
def test_each_distribution_gets_its_own_variable_for_the_profile(
    monkeypatch, distribution, variable
):
    monkeypatch.setenv('ROS_DISTRO', distribution)

    entities = describe(LAUNCH_FILE)

    (setter,) = [one for one in entities if isinstance(one, SetEnvironmentVariable)]
    assert ''.join(part.perform(LaunchContext()) for part in setter.name) == variable


def test_faces_come_out_and_everything_ends_cleanly(launched):
    pytest.importorskip('skimage')
    bundle = next(bundle_folders(), None)
    if bundle is None:
        pytest.skip('there is no model here')
    images, emotions = [], []
    one = launched(
        LAUNCH_FILE,
        camera='astronaut',
        namespace='robot',
        image_topic='eye/image',
        model=str(bundle),
    )
    one.node.create_subscription(Image, '/robot/eye/image', images.append, 10)
    one.node.create_subscription(Detection2DArray, '/robot/emotion', emotions.append, 10)

    def face_and_image():
        headers = [image.header for image in list(images)]
        return any(one.detections and one.header in headers for one in list(emotions))

    one.wait_until(face_and_image)

    assert one.stop() == 0
    assert one.log.count('process has finished cleanly') == 2
    assert 'Traceback' not in one.log


def test_the_compressed_images_of_the_camera_are_listened_to(launched):
    pytest.importorskip('skimage')
    bundle = next(bundle_folders(), None)
    if bundle is None:
        pytest.skip('there is no model here')
    emotions = []
    one = launched(
        LAUNCH_FILE,
        camera='astronaut',
        image_topic='/cam/image_raw/compressed',
        model=str(bundle),
    )
    one.node.create_subscription(Detection2DArray, '/emotion', emotions.append, 10)

    one.wait_until(lambda: any(message.detections for message in list(emotions)))

    names = [name for name, _ in one.node.get_topic_names_and_types()]
    assert '/cam/image_raw/compressed' in names
    assert '/cam/image_raw/compressed/compressed' not in names
    assert one.stop() == 0


def test_without_respawn_a_node_that_ends_is_left(launched):
    one = launched(LAUNCH_FILE, camera='/dev/video987', respawn='false', model='no_such_model')

    # Every process has ended, so the launch file ends.
    assert one.process.wait(PATIENCE) in (0, 1)
    assert one.log.count('there is no camera /dev/video987') == 1


def test_the_camera_of_the_launch_file_sends_images(launched):
    pytest.importorskip('skimage')
    images = []
    one = launched(
        LAUNCH_FILE,
        camera='astronaut',
        model='no_such_model',
        image_topic='/eye',
        required='false',
    )
    one.node.create_subscription(Image, '/eye', images.append, 10)

    one.wait_until(lambda: len(images) >= 3)

    one.stop()
    assert images[0].encoding == 'bgr8'


def test_a_node_that_is_killed_comes_back(launched):
    pytest.importorskip('skimage')
    bundle = next(bundle_folders(), None)
    if bundle is None:
        pytest.skip('there is no model here')
    emotions = []
    one = launched(LAUNCH_FILE, camera='astronaut', model=str(bundle))
    one.node.create_subscription(Detection2DArray, '/emotion', emotions.append, 10)
    one.wait_until(lambda: any(message.detections for message in list(emotions)))
    (first,) = one.process_ids('emotion_node')

    os.kill(first, signal.SIGKILL)
    one.wait_until(lambda: len(one.process_ids('emotion_node')) == 2)
    # All messages of the killed node have arrived before its replacement starts.
    emotions.clear()
    one.wait_until(lambda: any(message.detections for message in list(emotions)))

    assert one.log.count('process has died') == 1
    assert one.stop() == 0
