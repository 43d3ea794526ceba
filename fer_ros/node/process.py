"""How an executable of this package starts and ends."""

from __future__ import annotations

from collections.abc import Callable
import signal

import rclpy
from rclpy.exceptions import InvalidHandle
from rclpy.executors import Executor
from rclpy.executors import ExternalShutdownException
from rclpy.executors import MultiThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node


def spin(executor: Executor) -> None:
    """
    Spin until the context ends, whatever subscriptions and publishers come and go meanwhile.

    An executor that waits while something is destroyed in another thread raises (rclpy#1142); what
    is left can be waited for again.

    :param executor: with the nodes.
    """
    while True:
        try:
            executor.spin()
        except InvalidHandle:
            continue
        return


def run_node(
    make_node: Callable[[], Node],
    args: list[str] | None,
    refusals: tuple[type[Exception], ...],
) -> int:
    """
    Run a node until somebody stops it.

    :param make_node: makes the node; its method `stop`, if it has one, ends work of its own.
    :param args: of the command line; None takes the process's own.
    :param refusals: errors of `make_node` that are told in a sentence, without a traceback.
    :return: the exit status: 0 after INT or TERM, 1 if the node could not start.
    """
    rclpy.init(args=args)
    node = None
    try:
        node = make_node()
        # A thread for the images, one for parameters and timers: neither waits for the other.
        executor = MultiThreadedExecutor(num_threads=2)
        executor.add_node(node)
        spin(executor)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except refusals as error:
        get_logger('fer_ros').fatal(str(error))
        return 1
    finally:
        # The end is under way: a second signal would only break it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if node is not None:
            if hasattr(node, 'stop'):
                node.stop()
            node.destroy_node()
        rclpy.try_shutdown()
    return 0
