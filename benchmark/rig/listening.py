"""Subscribe to topics in a separate thread."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from threading import Thread
from typing import Any
from typing import TypeVar

Own = TypeVar('Own', bound='Listening')


class Listening:
    """A node in this process that receives messages until its `with` block ends."""

    def __init__(
        self,
        name: str,
        topics: Iterable[tuple[type, str, Callable[[Any], None]]],
        namespace: str = '',
        raw: bool = False,
    ) -> None:
        """
        Create the node and start to receive messages.

        :param name: name of the node.
        :param topics: message type, topic name and callback of each subscription.
        :param namespace: namespace of the node.
        :param raw: whether the callbacks receive serialised messages as bytes.
        """
        import rclpy
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor

        self._context = Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node(name, context=self._context, namespace=namespace)
        for type_, topic, on_message in topics:
            self._node.create_subscription(type_, topic, on_message, 10, raw=raw)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._thread = Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def __enter__(self: Own) -> Own:
        """Return the object itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the thread and destroy the node."""
        self._executor.shutdown()
        self._thread.join()
        self._node.destroy_node()
        self._context.try_shutdown()
