"""A depth camera beside the camera of the node, and the poses in the results."""

import numpy as np
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image

from graph import wait_until
from stand_ins import picture

SIZE = (480, 640)


MATRIX = [600.0, 0.0, 319.5, 0.0, 600.0, 239.5, 0.0, 0.0, 1.0]


def view(seconds=1, colour=(250, 20, 20), nanoseconds=0):
    """Create a colour image. The stand-in detector detects the whole image as one face."""
    message = picture(colour, seconds, SIZE)
    message.header.stamp.nanosec = nanoseconds
    return message


def depth_image(seconds=1, metres=1.5, encoding='16UC1', size=SIZE, nanoseconds=0):
    kind, unit = {'16UC1': ('<u2', 0.001), '32FC1': ('<f4', 1.0)}[encoding]
    values = np.full(size, metres / unit, kind)
    message = Image(height=size[0], width=size[1], encoding=encoding, step=values.strides[0])
    message.data.frombytes(values.tobytes())
    message.header.frame_id = 'the_camera'
    message.header.stamp.sec, message.header.stamp.nanosec = seconds, nanoseconds
    return message


def camera_info(seconds=1, **values):
    given_values = {
        'height': SIZE[0],
        'width': SIZE[1],
        'k': MATRIX,
        'd': [0.0] * 5,
        'distortion_model': 'plumb_bob',
        **values,
    }
    message = CameraInfo(**given_values)
    message.header.stamp.sec = seconds
    return message


class DepthCamera:
    """Publishes depth images and calibrations, and waits until the node has received them."""

    def __init__(self, graph, node, qos=1, info_qos=1):
        self._side = graph.listener('depth_camera')
        self._node = node
        self.depth = self._side.create_publisher(Image, 'depth', qos)
        self.info = self._side.create_publisher(CameraInfo, 'camera_info', info_qos)

    def wait(self):
        wait_until(lambda: self.depth.get_subscription_count() == 1)
        wait_until(lambda: self.info.get_subscription_count() == 1)

    def send(self, *messages):
        self.wait()
        listener = self._node._positions._listener
        for message in messages:
            is_depth = isinstance(message, Image)
            buffer = listener.depths if is_depth else listener.calibrations
            (self.depth if is_depth else self.info).publish(message)
            stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec

            def has_come(buffer=buffer, stamp=stamp):
                return any(known == stamp for known, _ in list(buffer._newest))

            wait_until(has_come)

    def go(self):
        self._side.destroy_publisher(self.depth)
        self._side.destroy_publisher(self.info)


def first_pose(message):
    (found,) = message.detections
    return found.results[0].pose


def has_estimate(pose):
    return pose.covariance[0] >= 0
