"""From faces to messages."""

from __future__ import annotations

from collections.abc import Sequence

from geometry_msgs.msg import Point
from geometry_msgs.msg import PoseWithCovariance
import numpy as np
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo
from vision_msgs.msg import ObjectHypothesisWithPose
from vision_msgs.msg import VisionClass

from fer_ros.perception.emotions import UNCERTAIN
from fer_ros.perception.faces import Face
from fer_ros.perception.faces import Position

# In a covariance's first place: there is no estimate (the convention of sensor_msgs/Imu).
NO_ESTIMATE = -1.0

# Of an angle of which nothing is known, spread evenly over the whole turn [rad²].
UNKNOWN_ANGLE = np.pi**2 / 3


def to_detection_array(
    header: Header, faces: Sequence[Face], labels: Sequence[str]
) -> Detection2DArray:
    """
    Tell of all faces in an image.

    :param header: of the image.
    :param faces: of the image; none gives an empty list.
    :param labels: the names of the faces' probabilities.
    :return: a detection for each face, with its id, its box and its whole distribution.
    """
    detections = [to_detection(header, face, labels) for face in faces]
    return Detection2DArray(header=header, detections=detections)


def to_changes(
    header: Header, changed: Sequence[Face], left: Sequence[int], labels: Sequence[str]
) -> Detection2DArray:
    """
    Tell of what changed.

    :param header: of the image in which it showed.
    :param changed: the faces that came, or whose decided emotion changed.
    :param left: the ids of who left; each becomes a detection without results.
    :param labels: the names of the faces' probabilities.
    """
    message = to_detection_array(header, changed, labels)
    message.detections.extend(Detection2D(header=header, id=str(id_)) for id_ in left)
    return message


def to_detection(header: Header, face: Face, labels: Sequence[str]) -> Detection2D:
    """
    Tell of one face.

    :param header: of the image.
    :param face: of the image.
    :param labels: the names of the face's probabilities.
    :return: the face.  The first result is what was decided, the others follow best first: where
        that is 'uncertain', a result of its own with 1 - best as its score; where a new emotion
        has not lasted long enough yet, the old one, though its score is not the best any more.
        The first has the position as its pose, or -1 as the first covariance where it is unknown.
    """
    message = Detection2D(header=header, id=str(face.id))
    left, top, right, bottom = (float(value) for value in face.box)
    message.bbox.center.position.x = (left + right) / 2
    message.bbox.center.position.y = (top + bottom) / 2
    message.bbox.size_x = right - left
    message.bbox.size_y = bottom - top
    # A stable sort, so that equal scores stand in the order of the labels.
    order = np.argsort(-face.probabilities, kind='stable')
    results = [(labels[index], float(face.probabilities[index])) for index in order]
    if face.emotion == UNCERTAIN:
        results.insert(0, (UNCERTAIN, 1 - results[0][1]))
    else:
        results.sort(key=lambda result: result[0] != face.emotion)
    message.results = [_hypothesis(name, score) for name, score in results]
    _set_pose(message.results[0].pose, face.position)
    return message


def _set_pose(pose: PoseWithCovariance, position: Position | None) -> None:
    """Fill in what is known; the pose is one without turn, and which way a face looks is not."""
    if position is None:
        pose.covariance[0] = NO_ESTIMATE
        return
    x, y, z = position.point.tolist()
    pose.pose.position = Point(x=x, y=y, z=z)
    covariance = UNKNOWN_ANGLE * np.eye(6)
    covariance[:3, :3] = position.covariance
    pose.covariance = covariance.ravel()


def _hypothesis(name: str, score: float) -> ObjectHypothesisWithPose:
    """Make one result; its pose says nothing."""
    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id = name
    result.hypothesis.score = score
    return result


def to_label_info(header: Header, labels: Sequence[str], min_confidence: float) -> LabelInfo:
    """
    Tell which labels there are.

    :param header: with the time from which on they hold.
    :param labels: in the model's order.
    :param min_confidence: below it a face is uncertain.
    """
    classes = [VisionClass(class_id=index, class_name=name) for index, name in enumerate(labels)]
    return LabelInfo(header=header, class_map=classes, threshold=float(min_confidence))


def to_image_message(header: Header, image: np.ndarray) -> Image:
    """
    Make a message of an image.

    :param header: its time and frame.
    :param image: (H, W, 3) uint8 BGR.
    :return: the same as bgr8.
    """
    height, width = image.shape[:2]
    message = Image(header=header, height=height, width=width, encoding='bgr8', step=3 * width)
    # Of all the ways to fill the field this is the fastest by far; it wants whole rows.
    message.data.frombytes(np.ascontiguousarray(image).data)
    return message


def to_compressed_message(header: Header, jpeg: np.ndarray) -> CompressedImage:
    """
    Make a message of a JPEG file's bytes.

    :param header: its time and frame.
    :param jpeg: (bytes,) uint8, the file, of a BGR image.
    """
    message = CompressedImage(header=header, format='bgr8; jpeg compressed bgr8')
    message.data.frombytes(np.ascontiguousarray(jpeg).data)
    return message
