"""The outputs of the node that exist while it is configured."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence

import numpy as np
from rclpy.node import Node
from std_msgs.msg import Header

from fer_ros.node.outputs.annotated import AnnotatedImages
from fer_ros.node.outputs.present import Present
from fer_ros.node.outputs.topics import Topics
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.settings import Settings

# Publishes the result of an image: its header, its result, and its pixels, (H, W, 3) uint8 BGR.
Publish = Callable[[Header, FrameResult, np.ndarray], None]


class Outputs:
    """Creates, feeds and destroys the topics of the node."""

    def __init__(
        self,
        node: Node,
        settings: Callable[[], Settings],
        complain: Callable[[str], None],
        others: Sequence[Publish] = (),
    ) -> None:
        """
        Create the topics.

        :param node: node that the topics belong to.
        :param settings: returns the current settings.
        :param complain: called with the reason if an image could not be drawn; in any thread.
        :param others: outputs with a life of their own; they publish after the faces.
        """
        self.topics = Topics(node)
        self.present = Present(node)
        self.annotated = AnnotatedImages(node, settings, complain)
        self._all: tuple[Publish, ...] = (
            self.topics.publish,
            self.present.publish,
            *others,
            self.annotated.publish,
        )

    def publish(self, header: Header, result: FrameResult, image: np.ndarray) -> None:
        """
        Publish the result of an image on all topics.

        :param header: header of the image.
        :param result: result of the image.
        :param image: (H, W, 3) uint8 BGR image.
        """
        for publish in self._all:
            publish(header, result, image)

    def rest(self) -> None:
        """Finish the image that is being drawn, and publish that nobody is here."""
        self.annotated.rest()
        self.present.clear()

    def destroy(self) -> None:
        """Destroy the publishers of all outputs."""
        for output in (self.topics, self.present, self.annotated):
            output.destroy()
