"""An executor that continues after any error of a callback."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Coroutine
import inspect
from typing import Any

from rclpy.exceptions import InvalidHandle
from rclpy.executors import ExternalShutdownException
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node

from fer_ros.node.life.errors import ErrorLog


class EnduringExecutor(MultiThreadedExecutor):
    """
    Logs an error of a callback, and continues.

    The executors of rclpy raise the error from `spin`.
    If they cannot take the message or the request, they also leave the callback group locked, and
    none of its callbacks runs again.
    """

    def __init__(self, **options: Any) -> None:
        """
        Create the executor.

        :param options: options of `rclpy.executors.MultiThreadedExecutor`.
        """
        super().__init__(**options)
        self._errors = ErrorLog()

    def _make_handler(
        self, entity: Any, node: Node, take_from_wait_list: Callable[[Any], Any], *others: Any
    ) -> Any:
        """
        Create the task that takes data from an entity and calls its callback.

        :param entity: a subscription, service, timer or another entity of the node.
        :param node: node of the entity.
        :param take_from_wait_list: function that takes a message, for example, and returns the
            coroutine function that calls the callback (Jazzy and later), or the message itself
            (Humble).
        :param others: further arguments; Humble passes the coroutine function here.
        :return: the task.
        """

        def take(entity: Any) -> Any:
            try:
                taken = take_from_wait_list(entity)
            except InvalidHandle:  # another thread destroyed the entity meanwhile
                return None
            except Exception as error:
                self._report(entity, node, error)
                return None
            if inspect.iscoroutinefunction(taken):
                return self._guarded(taken, entity, node)
            return taken

        return super()._make_handler(entity, node, take, *others)

    def _guarded(
        self, call: Callable[[], Coroutine[Any, Any, None]], entity: Any, node: Node
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        """Wrap a coroutine function so that its errors are logged."""

        async def guarded() -> None:
            try:
                await call()
            except ExternalShutdownException:
                raise
            except Exception as error:
                self._report(entity, node, error)

        return guarded

    def _report(self, entity: Any, node: Node, error: Exception) -> None:
        """Log an error, unless it was caused by the shutdown of the context."""
        if self.context.ok():
            self._errors.report(node.get_logger(), _name_of(entity), error)


def _name_of(entity: Any) -> str:
    """Return the name of an entity for a log line."""
    kind = type(entity).__name__.lower()
    for attribute in ('topic_name', 'srv_name'):
        if hasattr(entity, attribute):
            return f'{kind} {getattr(entity, attribute)}'
    callback = getattr(entity, 'callback', None)
    return f'{kind} callback {getattr(callback, "__qualname__", "of unknown name")}'
