"""
Example behaviour: turn to the person who looks at the robot.

Needs `attention` on. The place to look at is published on `look_at`, for the controller of a head.
Run it in addition to the node: `python3 examples/attend.py`.
"""

from contextlib import suppress
from typing import Any

from geometry_msgs.msg import PointStamped
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from vision_msgs.msg import Detection2DArray

SWITCH = 1.0  # time after which a person who looks away loses the robot to another person [s]
IDLE = 2.0  # time without an attending person after which the robot is idle [s]


class Attend(Node):
    """Stays with one person until that person looks away, and does not flip between two."""

    def __init__(self, **options: Any) -> None:
        super().__init__('attend', **options)
        self._person = ''
        self._seen = 0.0
        self._look_at = self.create_publisher(PointStamped, 'look_at', 10)
        self.create_subscription(Detection2DArray, 'emotion/attention', self._on_attention, 10)
        self.create_timer(0.1, self._rest)

    def now(self) -> float:
        """Return the time of the node's clock in seconds."""
        return self.get_clock().now().nanoseconds / 1e9

    def _on_attention(self, message: Detection2DArray) -> None:
        """Choose a person, and publish where that person is."""
        attending = {
            face.id: face.results[0].pose.pose.position
            for face in message.detections
            if face.results[0].hypothesis.class_id == 'attending'
        }
        waited = not self._person or self.now() - self._seen > SWITCH
        if attending and self._person not in attending and waited:
            self._turn_to(min(attending, key=lambda id_: attending[id_].z))
        place = attending.get(self._person)
        if place is not None:
            self._seen = self.now()
            self._look_at.publish(PointStamped(header=message.header, point=place))

    def _rest(self) -> None:
        """Become idle if nobody has attended for a while."""
        if self._person and self.now() - self._seen > IDLE:
            self._turn_to('')

    def _turn_to(self, person: str) -> None:
        self._person = person
        print(f'attending to {person}' if person else 'idle', flush=True)


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(Attend())
    rclpy.try_shutdown()
