"""Test the SROS2 policy against the topics and services of the running nodes."""

from fnmatch import fnmatch
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rclpy.parameter import Parameter

from fer_ros.camera.camera_node import CameraNode
from graph import wait_until
from stand_ins import started

POLICY = Path(__file__).resolve().parents[2] / 'config' / 'sros2.policy.xml'

# The topics that show a camera image without masks, in the root namespace.
FACES = ['/image', '/image/compressed', '/emotion/image', '/emotion/image/compressed']


def allowed(node, kind, right):
    """List the full names that the policy allows to a node in the root namespace."""
    (profile,) = ElementTree.parse(POLICY).findall(f".//profile[@node='{node}']")
    assert profile.attrib['ns'] == '/'
    return [
        '/' + entry.text.replace('~', node).lstrip('/')
        for group in profile.findall(kind)
        if group.attrib.get(right) == 'ALLOW'
        for entry in group
    ]


def used(graph, node):
    """List what a node publishes, subscribes to and offers: the names by kind and right."""
    listener = graph.listener()
    queries = {
        ('topics', 'publish'): listener.get_publisher_names_and_types_by_node,
        ('topics', 'subscribe'): listener.get_subscriber_names_and_types_by_node,
        ('services', 'reply'): listener.get_service_names_and_types_by_node,
    }
    wait_until(lambda: node in listener.get_node_names())
    return {key: [name for name, _ in query(node, '/')] for key, query in queries.items()}


def denied(node, names):
    """List the names that the policy does not allow to a node."""
    return [
        name
        for (kind, right), found in names.items()
        for name in found
        if not any(fnmatch(name, rule) for rule in allowed(node, kind, right))
    ]


def test_the_emotion_node_may_use_all_its_topics_and_services(graph, parts):
    pytest.importorskip('hri_msgs')
    node = started(graph, Parameter('ros4hri', value=True))

    names = used(graph, 'emotion')

    own = [f'/{topic}' for topic in ('emotion', 'emotion/image/masked/compressed')]
    assert set(own) <= set(names['topics', 'publish'])
    assert '/emotion/change_state' in names['services', 'reply']
    assert denied('emotion', names) == []
    assert node.get_namespace() == '/'


def test_the_camera_node_may_use_all_its_topics_and_services(graph):
    overrides = [Parameter('source', value='astronaut')]
    graph.add(CameraNode(context=graph.context, parameter_overrides=overrides))

    names = used(graph, 'camera')

    assert '/image' in names['topics', 'publish']
    assert denied('camera', names) == []


def test_the_dashboard_can_see_no_face():
    subscribed = allowed('dashboard', 'topics', 'subscribe')

    assert '/emotion/image/masked/compressed' in subscribed
    assert [name for name in FACES if any(fnmatch(name, rule) for rule in subscribed)] == []
    assert not any(fnmatch('/humans/faces/f1/cropped', rule) for rule in subscribed)
    # It may set parameters, but neither start nor stop the node.
    assert '/emotion/set_parameters' in allowed('dashboard', 'services', 'request')
    assert '/emotion/change_state' not in allowed('dashboard', 'services', 'request')


def test_only_named_topics_of_faces_have_a_wildcard():
    rules = [entry.text for entry in ElementTree.parse(POLICY).iter('topic')]

    assert [rule for rule in rules if '*' in rule] == ['/humans/faces/*']


def test_sros2_makes_a_keystore_of_the_policy(tmp_path):
    pytest.importorskip('sros2', reason='sros2 is not installed (ros-jazzy-sros2)')
    from sros2.api._artifact_generation import generate_artifacts
    from sros2.keystore import is_valid_keystore
    from sros2.policy import load_policy

    load_policy(POLICY)
    generate_artifacts(tmp_path / 'keys', [], [POLICY])

    assert is_valid_keystore(tmp_path / 'keys')
    for node in ('emotion', 'camera', 'dashboard'):
        enclave = tmp_path / 'keys' / 'enclaves' / 'fer_ros' / node
        assert (enclave / 'permissions.p7s').is_file()
        assert (enclave / 'key.pem').is_file()
        permissions = ElementTree.parse(enclave / 'permissions.xml')
        topics = {entry.text for entry in permissions.iter('topic')}
        assert {f'rt{name}' for name in allowed(node, 'topics', 'publish')} <= topics
        assert permissions.find('.//default').text == 'DENY'
