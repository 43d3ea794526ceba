"""
Example behaviour: greet a person who smiles, and address a person who looks sad.

The behaviour subscribes to `/emotion/present`, so it may start before or after the node.
Run it in addition to the node: `python3 examples/greeter.py`.
"""

from contextlib import suppress

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from vision_msgs.msg import Detection2DArray

SENTENCES = {
    'happy': 'Hello, number {id}! What a nice smile.',
    'sad': 'Number {id}, is everything all right?',
    'left': 'Goodbye, number {id}.',
}


class Greeter(Node):
    """Print a sentence for each change of a person; the emotion node debounces the changes."""

    def __init__(self) -> None:
        super().__init__('greeter')
        self._known: dict[str, str] = {}
        # The emotion node keeps its last message for subscribers that start later.
        latched = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.create_subscription(Detection2DArray, 'emotion/present', self._on_present, latched)

    def _on_present(self, message: Detection2DArray) -> None:
        """Compare everybody who is here with those who were here before."""
        present = {face.id: face.results[0].hypothesis.class_id for face in message.detections}
        left = {id_: 'left' for id_ in self._known if id_ not in present}
        for id_, emotion in {**present, **left}.items():
            if self._known.get(id_) != emotion and emotion in SENTENCES:
                print(SENTENCES[emotion].format(id=id_), flush=True)
        self._known = present


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(Greeter())
    rclpy.try_shutdown()
