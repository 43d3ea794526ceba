"""A ROS graph for one test: the node under test, and a subscriber to its topics."""

import threading

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor

from fer_ros.node.life.executor import EnduringExecutor
from fer_ros.node.life.process import spin

# Maximum time to wait before a test fails [s]. A passing test does not wait this long.
PATIENCE = 60.0


class Graph:
    """Nodes that spin in separate threads until the test ends."""

    def __init__(self, domain_id):
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self._spinning = []

    def add(self, node, executor_type=EnduringExecutor):
        """Spin a node in a separate thread."""
        executor = executor_type(context=self.context)
        executor.add_node(node)
        thread = threading.Thread(target=spin, args=(executor,), daemon=True)
        thread.start()
        self._spinning.append((node, executor, thread))
        return node

    def listener(self, name='listener'):
        """Create a plain node that spins."""
        return self.add(rclpy.create_node(name, context=self.context), SingleThreadedExecutor)

    def close(self):
        """Stop and destroy all nodes."""
        for node, executor, thread in reversed(self._spinning):
            executor.shutdown()
            thread.join(PATIENCE)
            if hasattr(node, 'stop'):
                node.stop()
            node.destroy_node()
        self.context.try_shutdown()


class Inbox:
    """Collects messages, and waits for them."""

    def __init__(self):
        self._changed = threading.Condition()
        self.messages = []

    def __call__(self, message):
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def wait_for(self, wanted):
        """Wait for a message that satisfies the condition `wanted`, and return it."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: next((one for one in self.messages if wanted(one)), None), PATIENCE
            )
        assert found is not None, f'no such message among {len(self.messages)}'
        return found


def wait_until(condition):
    """Wait until a condition holds by checking it periodically."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError('waited in vain')
