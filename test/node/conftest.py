"""Every test of the nodes has field checks on, and a graph of its own."""

import importlib.util
import os

import pytest

# `pytest test/perception` needs no ROS; these tests do.
collect_ignore_glob = [] if importlib.util.find_spec('rclpy') else ['test_*.py']

# Both must be set before rclpy and the messages are imported anywhere.
os.environ['ROS_PYTHON_CHECK_FIELDS'] = '1'
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')


@pytest.fixture(scope='session')
def domain_id():
    """Give a DDS domain for this process: 1 to 101, so that its ports are free on Linux."""
    return 1 + os.getpid() % 101


@pytest.fixture
def graph(domain_id):
    from graph import Graph

    made = Graph(domain_id)
    yield made
    made.close()


@pytest.fixture
def parts(monkeypatch):
    """Give a detector and a classifier that stand in for the networks."""
    from fer_ros.node import emotion_node
    from fer_ros.node.emotion_node import EmotionNode
    from fer_ros.perception.bundle import BundleError
    from stand_ins import BrightDetector
    from stand_ins import ColourClassifier

    detector, classifier = BrightDetector(), ColourClassifier()

    def create_detector(name, weights):
        if name == 'haar':
            raise emotion_node.DetectorError('no cascades')
        return detector

    def load_classifier(self, settings):
        if settings.model == 'gone':
            raise BundleError("no model is called 'gone'; there are: here")
        classifier.loaded.append(settings.backend)
        return ColourClassifier('litert') if settings.backend == 'litert' else classifier

    monkeypatch.setattr(emotion_node, 'create_detector', create_detector)
    monkeypatch.setattr(EmotionNode, '_load_classifier', load_classifier)
    return detector, classifier


@pytest.fixture
def camera(graph):
    from sensor_msgs.msg import Image

    return graph.listener('camera_side').create_publisher(Image, 'image', 1)


@pytest.fixture
def node(graph, parts):
    from stand_ins import started

    return started(graph)


@pytest.fixture
def emotions(graph):
    from vision_msgs.msg import Detection2DArray

    from graph import Inbox

    inbox = Inbox()
    graph.listener('behaviour').create_subscription(Detection2DArray, 'emotion', inbox, 10)
    return inbox
