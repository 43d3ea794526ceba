from contextlib import contextmanager
import sys

import numpy as np
import pytest
from sensor_msgs.msg import PointCloud2
from sensor_msgs.msg import PointField
from std_msgs.msg import Header

from depth_camera import camera_info
from depth_camera import depth_image
from depth_camera import DepthCamera
from depth_camera import first_pose
from depth_camera import has_estimate
from depth_camera import view
from fer_ros.node.outputs.cloud import to_cloud
from graph import Inbox
from graph import wait_until
from results import face
from results import result_of
from stand_ins import LABELS
from stand_ins import send


@contextmanager
def without(monkeypatch, *packages):
    """Make packages appear as missing, whether they are installed or not."""
    with monkeypatch.context() as patch:
        for package in packages:
            for name in [name for name in sys.modules if name.split('.')[0] == package]:
                patch.delitem(sys.modules, name)
            # With None in `sys.modules`, an import raises ModuleNotFoundError.
            patch.setitem(sys.modules, package, None)
        yield


@pytest.fixture
def point_cloud2():
    return pytest.importorskip('sensor_msgs_py.point_cloud2')


def test_the_cloud_has_a_point_for_each_face_that_is_measured(point_cloud2):
    header = Header(frame_id='the_camera')
    faces = [face(), face(2**32 - 1, 'uncertain', (0, 0, 2)), face(5, 'happy', None)]

    cloud = to_cloud(point_cloud2, header, result_of(*faces, labels=LABELS))

    assert cloud.header == header
    assert [one.name for one in cloud.fields] == ['x', 'y', 'z', 'id', 'emotion', 'score']
    points = point_cloud2.read_points(cloud)
    assert points['id'].tolist() == [3, 2**32 - 1]
    assert points['id'].dtype == points['emotion'].dtype == np.uint32
    # The number of labels encodes uncertain. The score is then the highest probability of a label.
    assert points['emotion'].tolist() == [1, 3]
    assert points['score'].tolist() == pytest.approx([0.5, 0.5])
    assert points['x'].dtype == points['score'].dtype == np.float32
    assert [points[name][0] for name in 'xyz'] == pytest.approx([0.1, -0.2, 1.5])


class CloudRecorder:
    """A stand-in for sensor_msgs_py.point_cloud2 that stores the content of the last cloud."""

    def create_cloud(self, header, fields, points):
        self.fields, self.points = fields, list(points)
        cloud = PointCloud2(header=header, width=len(self.points), fields=fields)
        cloud.row_step = 24 * cloud.width
        cloud.data.extend(bytes(cloud.row_step))
        return cloud


@pytest.mark.parametrize(
    ('emotion', 'index', 'score'), [('happy', 0, 0.2), ('sad', 1, 0.5), ('uncertain', 3, 0.5)]
)
def test_a_point_has_the_index_and_the_score_of_the_decision(emotion, index, score):
    recorder = CloudRecorder()

    result = result_of(face(7, emotion), face(8, point=None), labels=LABELS)
    to_cloud(recorder, Header(), result)

    assert recorder.points == [(0.1, -0.2, 1.5, 7, index, pytest.approx(score))]
    assert [one.name for one in recorder.fields] == ['x', 'y', 'z', 'id', 'emotion', 'score']
    assert [one.offset for one in recorder.fields] == [0, 4, 8, 12, 16, 20]
    kinds = [PointField.FLOAT32] * 3 + [PointField.UINT32] * 2 + [PointField.FLOAT32]
    assert [one.datatype for one in recorder.fields] == kinds


@pytest.mark.parametrize('faces', [[], [face(point=None)]])
def test_without_a_measured_face_nothing_is_left_of_the_placeholder(faces):
    cloud = to_cloud(CloudRecorder(), Header(), result_of(*faces, labels=LABELS))

    assert (cloud.width, cloud.row_step, len(cloud.data)) == (0, 0, 0)
    assert cloud.is_dense


def test_of_nobody_the_cloud_is_empty(point_cloud2):
    cloud = to_cloud(point_cloud2, Header(), result_of(face(point=None), labels=LABELS))

    assert (cloud.width, cloud.row_step, len(cloud.data)) == (0, 0, 0)
    assert cloud.point_step == 24
    assert len(point_cloud2.read_points(cloud)) == 0


def test_the_cloud_is_published_with_the_images_header_and_the_id_of_the_detection(
    graph, node, camera, emotions, depth_camera, point_cloud2
):
    clouds = Inbox()
    graph.listener('navigation').create_subscription(PointCloud2, 'emotion/faces', clouds, 10)
    depth_camera.send(camera_info(), depth_image())
    wait_until(lambda: node._positions._cloud.get_subscription_count() == 1)

    message = send(camera, emotions, node, view())

    cloud = clouds.wait_for(lambda one: one.header == message.header)
    (point,) = point_cloud2.read_points(cloud)
    assert str(point['id']) == message.detections[0].id
    assert LABELS[point['emotion']] == message.detections[0].results[0].hypothesis.class_id
    assert point['score'] == pytest.approx(message.detections[0].results[0].hypothesis.score)
    assert point['z'] == pytest.approx(1.5)


def test_a_topic_whose_package_is_missing_is_not_offered_and_that_is_told_once(
    graph, node, camera, emotions, depth_camera, monkeypatch, capfd
):
    with without(monkeypatch, 'sensor_msgs_py', 'visualization_msgs'):
        depth_camera.send(camera_info(), depth_image())
        assert has_estimate(first_pose(send(camera, emotions, node, view())))
        depth_camera.go()
        wait_until(lambda: not node._positions._listener.listening)
        DepthCamera(graph, node).wait()
        asker = graph.listener('asker')
        wait_until(lambda: asker.count_publishers('emotion') == 1)

    assert asker.count_publishers('emotion/faces') == 0
    assert asker.count_publishers('emotion/markers') == 0
    told = capfd.readouterr().err
    assert told.count('emotion/faces is not offered: ModuleNotFoundError') == 1
    assert told.count('emotion/markers is not offered: ModuleNotFoundError') == 1
