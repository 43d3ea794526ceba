"""The faces as REP 155 (ROS4HRI) has them; only who has hri_msgs can import this."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence
from contextlib import suppress

import cv2
from hri_msgs.msg import Expression
from hri_msgs.msg import IdsList
from hri_msgs.msg import NormalizedRegionOfInterest2D
import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.node.outputs.messages import to_image_message
from fer_ros.perception.faces import Face

try:
    from rclpy.event_handler import PublisherEventCallbacks
except ImportError:  # as it is called in Humble
    from rclpy.qos_event import PublisherEventCallbacks

# Where REP 155 wants it, whatever the node's namespace.
NAMESPACE = '/humans/faces'

# Side of the cropped faces, the default of REP 155 [px].
CROPPED_SIDE = 128

# The expressions of hri_msgs that are called otherwise than the emotions.
EXPRESSIONS = {
    'disgust': Expression.DISGUSTED,
    'fear': Expression.SCARED,
    'surprise': Expression.SURPRISED,
}

# How long listeners may take to hear that all faces are gone [s].
LAST_WORD = 0.5


class Humans:
    """Publishes which faces there are, and each face on topics that live as long as it does."""

    def __init__(self, node: Node) -> None:
        """
        Make the topic that lists the faces.

        :param node: that the topics belong to.
        """
        self._node = node
        self._faces: dict[int, _FaceTopics] = {}
        self._tracked = node.create_publisher(IdsList, f'{NAMESPACE}/tracked', 1)

    def destroy(self) -> None:
        """Say that no face is here any more, and let all topics go."""
        header = Header(stamp=self._node.get_clock().now().to_msg())
        # After the context has ended there is nobody to say it to; RCLError is a RuntimeError.
        with suppress(RuntimeError):
            self._tracked.publish(IdsList(header=header))
            self._tracked.wait_for_all_acked(Duration(seconds=LAST_WORD))
        self._keep(())
        self._node.destroy_publisher(self._tracked)

    def publish(
        self,
        header: Header,
        image: np.ndarray,
        faces: Sequence[Face],
        held_ids: Collection[int],
        labels: Sequence[str],
        affect: np.ndarray,
    ) -> None:
        """
        Publish the faces of an image.

        :param header: of the image.
        :param image: (H, W, 3) uint8 BGR.
        :param faces: in it.
        :param held_ids: of all persons who are still here, those included who are lost for less
            than the timeout.
        :param labels: the names of the faces' probabilities.
        :param affect: (labels, 2) float64, the valence and the arousal of each label, -1 to 1.
        """
        self._keep(held_ids)
        for face in faces:
            if face.id not in self._faces:
                self._faces[face.id] = _FaceTopics(self._node, face.id)
        ids = [topics.id for topics in self._faces.values()]
        self._tracked.publish(IdsList(header=header, ids=ids))
        for face in faces:
            self._faces[face.id].publish(header, image, face, labels, affect)

    def _keep(self, ids: Collection[int]) -> None:
        """Let the topics of all other faces go."""
        for gone in set(self._faces).difference(ids):
            self._faces.pop(gone).destroy()


class _FaceTopics:
    """The topics of one face."""

    def __init__(self, node: Node, id_: int) -> None:
        """Make them; the id is that of the track."""
        self.id = to_face_id(node.get_namespace(), id_)
        self._node = node
        self._roi = self._create(NormalizedRegionOfInterest2D, 'roi')
        self._cropped = self._create(Image, 'cropped')
        self._expression = self._create(Expression, 'expression')

    def _create(self, kind: type, name: str) -> Publisher:
        """Make one of the topics."""
        # Without callbacks, the executor never waits on what is destroyed under its hands.
        silent = PublisherEventCallbacks(use_default_callbacks=False)
        topic = f'{NAMESPACE}/{self.id}/{name}'
        return self._node.create_publisher(kind, topic, 1, event_callbacks=silent)

    def destroy(self) -> None:
        """Let them go."""
        for publisher in (self._roi, self._cropped, self._expression):
            self._node.destroy_publisher(publisher)

    def publish(
        self,
        header: Header,
        image: np.ndarray,
        face: Face,
        labels: Sequence[str],
        affect: np.ndarray,
    ) -> None:
        """Publish the face; its picture only while somebody subscribes."""
        self._roi.publish(to_region(header, face, image.shape[:2]))
        self._expression.publish(to_expression(header, face, labels, affect))
        if self._cropped.get_subscription_count() > 0:
            self._cropped.publish(to_image_message(header, crop_face(image, face.box)))


def to_face_id(namespace: str, id_: int) -> str:
    """
    Give the id of a face in REP 155, which names topics: it must not begin with a digit.

    :param namespace: of the node; in another than the root the id begins with its name, as the
        ids of two nodes must differ.
    :param id_: the id on `/emotion`.
    :return: 'f' and the id; 'left_f7' for face 7 of a node in /left.
    """
    place = namespace.strip('/').replace('/', '_').rstrip('_')
    return f'{place}_f{id_}' if place else f'f{id_}'


def to_region(
    header: Header, face: Face, shape: tuple[int, int]
) -> NormalizedRegionOfInterest2D:
    """
    Tell where a face is.

    :param header: of the image.
    :param face: of the image.
    :param shape: the image's (height, width).
    :return: the box as fractions of the image, and how sure the detector is.
    """
    height, width = shape
    scale = (width, height, width, height)
    left, top, right, bottom = (
        float(np.clip(value / side, 0, 1)) for value, side in zip(face.box, scale, strict=True)
    )
    certainty = float(np.clip(face.score, 0, 1))
    return NormalizedRegionOfInterest2D(
        header=header, xmin=left, ymin=top, xmax=right, ymax=bottom, c=certainty
    )


def to_expression(
    header: Header, face: Face, labels: Sequence[str], affect: np.ndarray
) -> Expression:
    """
    Tell what a face shows.

    :param header: of the image.
    :param face: of the image.
    :param labels: the names of the face's probabilities.
    :param affect: (labels, 2) float64, the valence and the arousal of each label, -1 to 1.
    :return: the decided emotion in the words of hri_msgs, with its probability as confidence; ''
        and 0 where it is uncertain or hri_msgs has no word for it.  Valence and arousal are the
        expectation over the whole distribution.
    """
    valence, arousal = np.clip(face.probabilities @ affect, -1, 1)
    message = Expression(header=header, valence=float(valence), arousal=float(arousal))
    name = EXPRESSIONS.get(face.emotion, face.emotion)
    if face.emotion in labels and getattr(Expression, name.upper(), None) == name:
        message.expression = name
        probability = face.probabilities[list(labels).index(face.emotion)]
        message.confidence = float(np.clip(probability, 0, 1))
    return message


def crop_face(image: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """
    Cut a face out as REP 155 has it: scaled in proportion, centred, black beside it.

    :param image: (H, W, 3) uint8 BGR.
    :param box: (left, top, right, bottom) in pixels.
    :return: (128, 128, 3) uint8 BGR.
    """
    left, top, right, bottom = box
    columns, rows = _pixels(left, right, image.shape[1]), _pixels(top, bottom, image.shape[0])
    part = image[rows, columns]
    scale = CROPPED_SIDE / max(part.shape[:2])
    width, height = (max(1, round(scale * side)) for side in part.shape[1::-1])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cropped = np.zeros((CROPPED_SIDE, CROPPED_SIDE, 3), np.uint8)
    x, y = (CROPPED_SIDE - width) // 2, (CROPPED_SIDE - height) // 2
    cropped[y:, x:][:height, :width] = cv2.resize(part, (width, height), interpolation=how)
    return cropped


def _pixels(low: float, high: float, side: int) -> slice:
    """Give the pixels from one place to another in a row of them, at least one."""
    first = int(np.clip(low, 0, side - 1))
    return slice(first, max(first + 1, int(np.ceil(high))))
