import importlib

import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from depth_camera import camera_info
from depth_camera import depth_image
from depth_camera import DepthCamera
from depth_camera import first_pose
from depth_camera import has_estimate
from depth_camera import MATRIX
from depth_camera import view
from fer_ros.node.outputs.positions import MOST_MISSES
from graph import Inbox
from graph import wait_until
from results import face
from results import result_of
from stand_ins import LABELS
from stand_ins import send

# Probabilities that a value of a random calibration is valid, or one of five invalid values.
HOW_OFTEN = [0.9, 0.02, 0.02, 0.02, 0.02, 0.02]


LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


# Without depth


def test_without_depth_nothing_is_subscribed_to_and_no_topic_is_there(
    graph, node, camera, emotions
):
    for seconds in range(1, 6):
        message = send(camera, emotions, node, view(seconds))
        node._follow()

    asker = graph.listener('asker')
    wait_until(lambda: asker.count_subscribers('image') == 1)
    topics = dict(asker.get_topic_names_and_types())
    assert asker.count_subscribers('depth') == asker.count_subscribers('camera_info') == 0
    assert not {'/depth', '/camera_info', '/emotion/faces', '/emotion/markers'} & set(topics)
    assert not has_estimate(first_pose(message))
    assert node.statistics.last_error == ''


def test_depth_without_a_calibration_is_named_and_not_subscribed_to(graph, node, capfd):
    side = graph.listener('half_a_camera')
    side.create_publisher(Image, 'depth', 1)
    wait_until(lambda: node.count_publishers('depth') == 1)
    for _ in range(20):
        node._follow()

    assert node.count_subscribers('depth') == 0
    told = capfd.readouterr().err
    assert told.count('/depth is published, but nobody publishes /camera_info') == 1


def test_topics_of_these_names_with_another_type_are_left_alone(graph, node):
    side = graph.listener('something_else')
    side.create_publisher(PointCloud2, 'depth', 1)
    side.create_publisher(CameraInfo, 'camera_info', 1)
    wait_until(lambda: node.count_publishers('camera_info') == 1)
    wait_until(lambda: node.count_publishers('depth') == 1)

    node._follow()

    assert not node._positions._listener.listening


# With depth


@pytest.mark.parametrize('encoding', ['16UC1', '32FC1'])
@pytest.mark.parametrize('size', [(480, 640), (240, 320)])
def test_a_face_has_a_position_in_metres(node, camera, emotions, depth_camera, encoding, size):
    depth_camera.send(camera_info(), depth_image(encoding=encoding, size=size))

    message = send(camera, emotions, node, view())

    pose = first_pose(message)
    point = pose.pose.position
    assert (point.x, point.y, point.z) == pytest.approx((0, 0, 1.5), abs=1e-3)
    turn = pose.pose.orientation
    assert (turn.x, turn.y, turn.z, turn.w) == (0, 0, 0, 1)
    covariance = np.reshape(pose.covariance, (6, 6))
    assert covariance == pytest.approx(covariance.T)
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    assert covariance[2, 2] == pytest.approx(0.03**2, rel=0.01)
    assert np.diag(covariance)[3:] == pytest.approx([np.pi**2 / 3] * 3)


def test_only_the_first_result_has_the_position(node, camera, emotions, depth_camera):
    depth_camera.send(camera_info(), depth_image())

    message = send(camera, emotions, node, view())

    for other in message.detections[0].results[1:]:
        assert not np.any(other.pose.covariance)
        assert other.pose.pose.position.z == 0


def test_changes_have_the_position_too(graph, node, camera, emotions, depth_camera):
    changes = Inbox()
    graph.listener('changes').create_subscription(Detection2DArray, 'emotion/changes', changes, 10)
    wait_until(lambda: node._outputs.topics._changes.get_subscription_count() == 1)
    depth_camera.send(camera_info(), depth_image())

    send(camera, emotions, node, view())

    assert first_pose(changes.wait_for(lambda _: True)).pose.position.z == pytest.approx(1.5)


def test_depth_that_comes_while_the_image_is_in_work_is_in_time(
    node, camera, emotions, parts, depth_camera
):
    detector, _ = parts
    wait_until(lambda: camera.get_subscription_count() == 1)
    depth_camera.send(camera_info(seconds=5))
    detector.may_go_on.clear()
    camera.publish(view(seconds=5))
    wait_until(lambda: len(detector.seen) == 1)
    # On a slow machine, many depth images follow the matching one before it is needed.
    for seconds in range(3, 16):
        depth_camera.send(depth_image(seconds, metres=2.0 if seconds == 5 else 3.0))

    detector.may_go_on.set()

    found = emotions.wait_for(lambda message: message.header.stamp.sec == 5)
    assert first_pose(found).pose.position.z == pytest.approx(2.0)


@pytest.mark.parametrize(
    ('later', 'located'), [(0, True), (49_000_000, True), (51_000_000, False)]
)
def test_depth_of_another_moment_is_not_taken(
    node, camera, emotions, depth_camera, later, located
):
    depth_camera.send(camera_info(), depth_image(seconds=3, nanoseconds=later))

    message = send(camera, emotions, node, view(seconds=3))

    assert has_estimate(first_pose(message)) == located


def test_a_calibration_sent_but_once_holds(graph, node, camera, emotions):
    side = graph.listener('static')
    side.create_publisher(CameraInfo, 'camera_info', LATCHED).publish(camera_info(seconds=0))
    depth = side.create_publisher(Image, 'depth', qos_profile_sensor_data)
    wait_until(lambda: depth.get_subscription_count() == 1)
    listener = node._positions._listener
    wait_until(lambda: listener.calibrations.nearest(0) is not None)
    depth.publish(depth_image(seconds=500))
    wait_until(lambda: listener.depths.nearest(0) is not None)

    message = send(camera, emotions, node, view(seconds=500))

    assert first_pose(message).pose.position.z == pytest.approx(1.5)


def test_a_depth_camera_that_goes_takes_everything_with_it_and_may_come_back(
    graph, node, camera, emotions, depth_camera
):
    pytest.importorskip('visualization_msgs.msg')
    asker = graph.listener('asker')
    depth_camera.send(camera_info(), depth_image())
    wait_until(lambda: asker.count_publishers('emotion/markers') == 1)

    depth_camera.go()

    wait_until(lambda: asker.count_subscribers('depth') == 0)
    wait_until(lambda: asker.count_subscribers('camera_info') == 0)
    wait_until(lambda: asker.count_publishers('emotion/markers') == 0)
    assert not has_estimate(first_pose(send(camera, emotions, node, view(1))))
    again = DepthCamera(graph, node, qos_profile_sensor_data, qos_profile_sensor_data)
    again.send(camera_info(), depth_image(seconds=2))
    assert has_estimate(first_pose(send(camera, emotions, node, view(2))))


def test_a_node_that_is_not_active_listens_to_nothing(graph, node, depth_camera):
    depth_camera.wait()

    node.trigger_deactivate()
    wait_until(lambda: depth_camera.depth.get_subscription_count() == 0)
    node._follow()

    assert not node._positions._listener.listening
    node.trigger_activate()
    depth_camera.wait()


def cut(message):
    del message.data[-1:]
    return message


def renamed(message, encoding):
    message.encoding = encoding
    return message


@pytest.mark.parametrize(
    ('depth', 'info', 'reason'),
    [
        (renamed(depth_image(), 'rgb8'), camera_info(), "'rgb8', but a depth image must have"),
        (cut(depth_image()), camera_info(), 'the data are 614399 bytes'),
        (depth_image(size=(480, 848)), camera_info(), 'the depth image is 848x480'),
        (Image(encoding='16UC1'), camera_info(), 'the depth image is 0x0'),
        (depth_image(), camera_info(k=[0.0] * 9), 'calibrate the camera'),
        (depth_image(), camera_info(height=720, width=1280), 'the calibrated image is 1280x720'),
        (
            depth_image(),
            camera_info(distortion_model='?', d=[0.1]),
            "model '?' with 1 coefficients",
        ),
    ],
)
def test_what_is_wrong_with_depth_is_told_and_costs_no_image(
    node, camera, emotions, depth_camera, depth, info, reason, capfd
):
    depth.header.stamp.sec = 1
    depth_camera.send(info, depth)

    message = send(camera, emotions, node, view())

    assert not has_estimate(first_pose(message))
    assert reason in node.statistics.last_error
    assert reason in capfd.readouterr().err
    assert (node.statistics.refused, node.statistics.lost) == (0, 0)
    depth_camera.send(camera_info(seconds=2), depth_image(seconds=2))
    assert has_estimate(first_pose(send(camera, emotions, node, view(2))))
    # The error must be cleared once the depth is valid again.
    assert node.statistics.last_error == ''


@pytest.mark.parametrize('later', ['', 'image lost'])
def test_what_is_said_of_depth_goes_with_it_and_takes_no_other_error_along(
    node, camera, emotions, depth_camera, later
):
    depth_camera.send(camera_info(), renamed(depth_image(), 'rgb8'))
    send(camera, emotions, node, view())
    assert 'no positions' in node.statistics.last_error
    if later:
        node.statistics.last_error = later

    node.trigger_deactivate()

    assert node.statistics.last_error == later


def any_depth(random):
    """Create a depth image of any size, encoding, step and data. Some of the images are valid."""
    size = [int(random.choice([0, 1, 3, 48, 480])), int(random.choice([0, 1, 4, 64, 640]))]
    message = Image(height=size[0], width=size[1])
    message.encoding = str(random.choice(['16UC1', 'mono16', '32FC1', '64FC1', 'bgr8', '']))
    message.step = max(0, int(random.choice([2, 4])) * size[1] + int(random.integers(-3, 9)))
    message.is_bigendian = int(random.integers(0, 256))
    length = max(0, message.step * size[0] + int(random.choice([-1, 0, 0, 0, 7])))
    message.data.frombytes(random.bytes(min(length, 2_000_000)))
    message.header.frame_id = 'the_camera'
    return message


def any_calibration(random):
    """Create a calibration of any numbers. Some of the calibrations are valid."""
    size = [int(random.choice([0, 1, 48, 480])), int(random.choice([0, 1, 64, 640]))]
    message = CameraInfo(height=size[0], width=size[1])
    message.k = np.array(MATRIX) * random.choice([1, 0, 1e-300, 1e300, np.nan, -1], 9, p=HOW_OFTEN)
    message.p = random.choice([0, 1, np.inf, 600], 12).astype(float)
    message.distortion_model = str(random.choice(['plumb_bob', 'equidistant', '']))
    message.d = (random.normal(0, 10, random.integers(0, 9))).tolist()
    message.binning_x = message.roi.width = int(random.choice([0, 1, 2**32 - 1]))
    return message


def test_thousands_of_malformed_messages_cost_no_image(node, depth_camera):
    depth_camera.wait()
    random = np.random.default_rng(1)
    positions, listener = node._positions, node._positions._listener
    header = Header(frame_id='the_camera')
    told, located = set(), 0

    for _ in range(3000):
        listener.depths.put(0, any_depth(random))
        listener.calibrations.put(0, any_calibration(random))
        (found,) = positions.locate(header, result_of(face(point=None), labels=LABELS)).faces
        told.add(node.statistics.last_error.split(':')[-1][:20])
        if found.position is not None:
            located += 1
            assert np.isfinite(found.position.point).all()
            assert np.isfinite(found.position.covariance).all()

    assert len(told) > 10
    assert located > 0


def test_stamps_of_another_clock_are_told_after_some_frames(node, camera, emotions, depth_camera):
    depth_camera.send(camera_info(), depth_image(seconds=1000))

    for seconds in range(1, MOST_MISSES):
        send(camera, emotions, node, view(seconds))
    assert node.statistics.last_error == ''
    send(camera, emotions, node, view(MOST_MISSES))

    wait_until(lambda: 'stamped by one clock' in node.statistics.last_error)
    assert '970.000 s from the image' in node.statistics.last_error


def test_depth_in_another_frame_is_told_once(node, camera, emotions, depth_camera, capfd):
    for seconds in (1, 2, 3):
        depth = depth_image(seconds)
        depth.header.frame_id = 'the_depth_camera'
        depth_camera.send(camera_info(seconds), depth)
        assert has_estimate(first_pose(send(camera, emotions, node, view(seconds))))

    assert capfd.readouterr().err.count("depth is in the frame 'the_depth_camera'") == 1


# Markers


@pytest.fixture
def visualization_msgs():
    return pytest.importorskip('visualization_msgs.msg')


def test_markers_come_with_the_face_and_go_with_it(
    graph, node, camera, emotions, depth_camera, visualization_msgs
):
    shown = Inbox()
    rviz = graph.listener('rviz')
    rviz.create_subscription(visualization_msgs.MarkerArray, 'emotion/markers', shown, 10)
    depth_camera.send(camera_info(), depth_image())
    wait_until(lambda: node._positions._markers.get_subscription_count() == 1)

    send(camera, emotions, node, view(1))
    for seconds in (5, 6, 7):
        send(camera, emotions, node, view(seconds, colour=(0, 0, 0)))

    delete = visualization_msgs.Marker.DELETE
    first = shown.wait_for(lambda array: array.markers)
    last = shown.wait_for(lambda array: any(one.action == delete for one in array.markers))
    assert first.markers[1].text.startswith('1 happy')
    assert [one.id for one in last.markers] == [1, 1]


def test_the_packages_are_looked_for_only_where_there_is_depth(monkeypatch, node):
    asked = []
    real = importlib.import_module
    monkeypatch.setattr(
        importlib, 'import_module', lambda name, *more: asked.append(name) or real(name, *more)
    )

    node._follow()

    assert [name for name in asked if 'sensor_msgs_py' in name or 'visualization' in name] == []
