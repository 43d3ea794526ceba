"""
Example behaviour tree (py_trees): turn to the person who looks at the robot, else be idle.

Needs `attention` on, and py_trees.
Run it in addition to the node: `python3 examples/attend_tree.py`.
"""

from contextlib import suppress

import py_trees
from py_trees.common import Status
import rclpy
from rclpy.executors import ExternalShutdownException
from vision_msgs.msg import Detection2DArray

SWITCH, IDLE = 1.0, 2.0  # as in attend.py [s]


class Attend(py_trees.behaviour.Behaviour):
    """Runs while a person attends, stays with that person, and fails after IDLE without one."""

    def __init__(self, node: rclpy.node.Node) -> None:
        super().__init__('attend')
        self._node = node
        self._person, self._seen, self._attending = '', 0.0, []
        node.create_subscription(Detection2DArray, 'emotion/attention', self._on_attention, 10)

    def now(self) -> float:
        """Return the time of the node's clock in seconds."""
        return self._node.get_clock().now().nanoseconds / 1e9

    def _on_attention(self, message: Detection2DArray) -> None:
        faces = [(face.id, face.results[0]) for face in message.detections]
        faces = [one for one in faces if one[1].hypothesis.class_id == 'attending']
        faces.sort(key=lambda one: one[1].pose.pose.position.z)
        self._attending = [id_ for id_, _ in faces]
        waited = self.now() - self._seen
        if self._attending and self._person not in self._attending and waited > SWITCH:
            self._person = self._attending[0]
        if self._person in self._attending:
            self._seen = self.now()

    def update(self) -> Status:
        """Tell the tree whether there is a person to attend to."""
        if not self._person or self.now() - self._seen > IDLE:
            self._person = ''
            return Status.FAILURE
        self.feedback_message = self._person
        return Status.RUNNING


if __name__ == '__main__':
    rclpy.init()
    node = rclpy.create_node('attend_tree')
    root = py_trees.composites.Selector('root', memory=False)
    root.add_children([Attend(node), py_trees.behaviours.Running('idle')])
    node.create_timer(0.1, lambda: (root.tick_once(), print(root.tip().name, flush=True)))
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)
    rclpy.try_shutdown()
