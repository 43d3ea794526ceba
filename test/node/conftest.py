"""The tests of the emotion node need ROS."""

import importlib.util

import pytest

# `pytest test/perception` works without ROS. These tests are ignored without ROS.
collect_ignore_glob = [] if importlib.util.find_spec('rclpy') else ['*']


@pytest.fixture
def parts(monkeypatch):
    """Replace the networks of the node by a detector and a classifier that need no network."""
    from fer_ros.node import model_slot
    from fer_ros.node.model_slot import ModelSlot
    from fer_ros.perception.detection.choice import DetectorError
    from fer_ros.perception.masking import masker
    from fer_ros.perception.models.bundle import BundleError
    from stand_ins import BrightDetector
    from stand_ins import ColourClassifier

    detector, classifier = BrightDetector(), ColourClassifier()

    def create_detector(name, weights):
        if name == 'haar':
            raise DetectorError('no cascades')
        return detector

    def load_classifier(self, settings):
        if settings.model == 'gone':
            raise BundleError("there is no model 'gone'; available models: here")
        classifier.loaded.append(settings.backend)
        return ColourClassifier('litert') if settings.backend == 'litert' else classifier

    monkeypatch.setattr(model_slot, 'create_detector', create_detector)
    # Faces are hidden by detectors that nothing else uses.
    monkeypatch.setattr(masker, 'create_detector', lambda name, weights: BrightDetector())
    monkeypatch.setattr(ModelSlot, '_load_classifier', load_classifier)
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
