"""
Example behaviour: greet a person who smiles, and address a person who looks sad.

The behaviour subscribes to `/emotion/changes`.
Run it in addition to the node: `python3 examples/greeter.py`.
"""

from contextlib import suppress

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from vision_msgs.msg import Detection2DArray

SENTENCES = {
    'happy': 'Hello, number {id}! What a nice smile.',
    'sad': 'Number {id}, is everything all right?',
    'left': 'Goodbye, number {id}.',
}


class Greeter(Node):
    """Print a sentence for each change of a face; the emotion node debounces the changes."""

    def __init__(self) -> None:
        super().__init__('greeter')
        self.create_subscription(Detection2DArray, 'emotion/changes', self._on_changes, 10)

    def _on_changes(self, message: Detection2DArray) -> None:
        for face in message.detections:
            # A detection without results means that the person has left.
            decided = face.results[0].hypothesis.class_id if face.results else 'left'
            if decided in SENTENCES:
                print(SENTENCES[decided].format(id=face.id), flush=True)


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(Greeter())
    rclpy.try_shutdown()
