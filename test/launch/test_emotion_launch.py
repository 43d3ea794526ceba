"""What the launch file starts, with what, and that it does."""

import importlib.util
from itertools import pairwise
import os
from pathlib import Path
import signal
import subprocess
import sys
import threading

from ament_index_python.packages import get_package_prefix
from ament_index_python.packages import PackageNotFoundError
from launch.actions import DeclareLaunchArgument
from launch.actions import SetEnvironmentVariable
from launch.launch_context import LaunchContext
from launch.substitutions import LocalSubstitution
from launch_ros.actions import Node
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray
import yaml

from fer_ros.perception.model_files import bundle_folders

ROOT = Path(__file__).resolve().parents[2]
LAUNCH_FILE = ROOT / 'launch' / 'emotion.launch.py'
ARGUMENTS = [
    'image_topic',
    'depth_topic',
    'camera_info_topic',
    'params_file',
    'namespace',
    'model',
    'backend',
    'camera',
    'log_level',
    'respawn',
]
PATIENCE = 120.0
# What `ros2 launch` does, without ros2cli.
PROGRAM = """
import sys
from launch import LaunchDescription
from launch import LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

arguments = [tuple(word.split(':=', 1)) for word in sys.argv[2:]]
service = LaunchService(argv=sys.argv[2:])
service.include_launch_description(LaunchDescription([IncludeLaunchDescription(
    PythonLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments)]))
sys.exit(service.run())
"""

try:
    INSTALLED = Path(get_package_prefix('fer_ros'))
except PackageNotFoundError:
    pytest.skip('fer_ros is not installed', allow_module_level=True)


@pytest.fixture(scope='session')
def domain_id():
    return 1 + os.getpid() % 101


def load_launch_file():
    spec = importlib.util.spec_from_file_location('emotion_launch', LAUNCH_FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def describe(monkeypatch, profile=None):
    """Give the entities of the description; `profile` is what the user has set."""
    for variable in load_launch_file().PROFILE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    if profile:
        monkeypatch.setenv('FASTRTPS_DEFAULT_PROFILES_FILE', profile)
    return load_launch_file().generate_launch_description().entities


def nodes(monkeypatch, **arguments):
    """Give the nodes that would be started."""
    context = LaunchContext()
    found = []
    waiting = list(describe(monkeypatch))
    context.launch_configurations.update(arguments)
    while waiting:
        entity = waiting.pop(0)
        if isinstance(entity, Node):
            entity._perform_substitutions(context)
            found.append(entity)
        elif (made := entity.visit(context)) is not None:
            waiting = [*made, *waiting]
    return found


def words_of(node):
    """Give the words of a node's command line, those left out that launch_ros adds in the end."""
    context = LaunchContext()
    return [
        ''.join(part.perform(context) for part in word)
        for word in node.cmd
        if not any(isinstance(part, LocalSubstitution) for part in word)
    ]


def parameter_files(node):
    """Give the files of parameters that a node gets, first to last."""
    return [Path(after) for word, after in pairwise(words_of(node)) if word == '--params-file']


def test_every_argument_is_declared_and_described(monkeypatch):
    declared = [
        entity for entity in describe(monkeypatch) if isinstance(entity, DeclareLaunchArgument)
    ]

    assert [one.name for one in declared] == ARGUMENTS
    assert all(len(one.description) > 10 for one in declared)
    assert all(one.default_value is not None for one in declared)


def test_the_default_parameters_are_those_of_the_package(monkeypatch):
    (node,) = nodes(monkeypatch)

    assert words_of(node)[0] == str(INSTALLED / 'lib' / 'fer_ros' / 'emotion_node')
    assert parameter_files(node) == [INSTALLED / 'share' / 'fer_ros' / 'config' / 'emotion.yaml']
    assert node.expanded_remapping_rules == [
        ('image', 'image'),
        ('depth', 'depth'),
        ('camera_info', 'camera_info'),
    ]


def test_what_is_given_holds_against_the_file(monkeypatch):
    (node,) = nodes(
        monkeypatch,
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


def test_a_camera_is_started_on_a_source_and_the_same_topic(monkeypatch):
    _, camera = nodes(monkeypatch, camera='0', image_topic='/front/image')

    assert words_of(camera)[0] == str(INSTALLED / 'lib' / 'fer_ros' / 'camera_node')
    first, *_, last = (yaml.safe_load(path.read_text()) for path in parameter_files(camera))
    assert list(first.values()) == [{'ros__parameters': {'loop': True}}]
    assert list(last.values()) == [{'ros__parameters': {'source': '0'}}]
    assert ('image', '/front/image') in camera.expanded_remapping_rules


def test_depth_comes_from_the_topics_that_are_given(monkeypatch):
    topics = {'depth_topic': '/camera/aligned_depth', 'camera_info_topic': '/camera/info'}

    (node,) = nodes(monkeypatch, **topics)

    assert node.expanded_remapping_rules[1:] == [
        ('depth', '/camera/aligned_depth'),
        ('camera_info', '/camera/info'),
    ]


def test_a_parameter_file_that_is_not_there_is_named(monkeypatch):
    with pytest.raises(FileNotFoundError, match='/nowhere/emotion.yaml'):
        nodes(monkeypatch, params_file='/nowhere/emotion.yaml')


@pytest.mark.parametrize(('profile', 'set_by_us'), [(None, True), ('/my/profile.xml', False)])
def test_the_profile_of_the_user_is_left_alone(monkeypatch, profile, set_by_us):
    entities = describe(monkeypatch, profile)

    setters = [one for one in entities if isinstance(one, SetEnvironmentVariable)]
    assert bool(setters) == set_by_us
    for setter in setters:
        path = ''.join(part.perform(LaunchContext()) for part in setter.value)
        assert Path(path).name == 'fastdds.xml'
        assert Path(path).is_file()


class Launched:
    """The launch file at work, and a listener."""

    def __init__(self, domain_id, folder, **arguments):
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = rclpy.create_node('behaviour', context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()
        self._log = folder / 'launch.log'
        words = [f'{name}:={value}' for name, value in arguments.items()]
        with self._log.open('w') as log:
            self.process = subprocess.Popen(
                [sys.executable, '-c', PROGRAM, str(LAUNCH_FILE), *words],
                env={
                    **os.environ,
                    'ROS_DOMAIN_ID': str(domain_id),
                    'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
                    'ROS_LOG_DIR': str(folder),
                },
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self):
        return self._log.read_text()

    def wait_until(self, condition):
        pause = threading.Event()
        for _ in range(int(PATIENCE / 0.05)):
            if condition():
                return
            assert self.process.poll() is None, self.log
            pause.wait(0.05)
        raise AssertionError(f'waited in vain; the launch file said:\n{self.log}')

    def stop(self):
        """End it as Ctrl-C does, and give its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def close(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self._executor.shutdown()
            self._thread.join(PATIENCE)
            self.node.destroy_node()
            self.context.try_shutdown()


@pytest.fixture
def launched(domain_id, tmp_path, monkeypatch):
    monkeypatch.delenv('FASTRTPS_DEFAULT_PROFILES_FILE', raising=False)
    started = []

    def start(**arguments):
        started.append(Launched(domain_id, tmp_path, **arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_faces_come_out_and_everything_ends_cleanly(launched):
    pytest.importorskip('skimage')
    bundle = next(bundle_folders(), None)
    if bundle is None:
        pytest.skip('there is no model here')
    images, emotions = [], []
    one = launched(
        camera='astronaut', namespace='robot', image_topic='eye/image', model=str(bundle)
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


def test_a_camera_that_is_not_there_is_tried_again(launched):
    one = launched(camera='/dev/video987')

    one.wait_until(lambda: one.log.count('there is no camera /dev/video987') >= 2)

    assert 'Traceback' not in one.log


def test_without_respawn_a_node_that_ends_is_left(launched):
    one = launched(camera='/dev/video987', respawn='false', model='no_such_model')

    # Nothing is left to run, so the launch file ends.
    assert one.process.wait(PATIENCE) in (0, 1)
    assert one.log.count('there is no camera /dev/video987') == 1


def test_the_camera_of_the_launch_file_sends_images(launched):
    pytest.importorskip('skimage')
    images = []
    one = launched(camera='astronaut', model='no_such_model', image_topic='/eye')
    one.node.create_subscription(Image, '/eye', images.append, 10)

    one.wait_until(lambda: len(images) >= 3)

    one.stop()
    assert images[0].encoding == 'bgr8'
