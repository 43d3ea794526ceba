"""How an executable of this package starts and ends."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
import faulthandler
import signal
from threading import Event
import time

import rclpy
from rclpy.clock import Clock
from rclpy.clock import ClockType
from rclpy.exceptions import InvalidHandle
from rclpy.exceptions import NameValidationException
from rclpy.exceptions import ParameterException
from rclpy.executors import Executor
from rclpy.executors import ExternalShutdownException
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import uninstall_signal_handlers

from fer_ros.node.life.arguments import ArgumentError
from fer_ros.node.life.arguments import security_refusal
from fer_ros.node.life.arguments import start_ros
from fer_ros.node.life.ending import StartWatch
from fer_ros.node.life.errors import ErrorLog
from fer_ros.node.life.errors import REASON_LENGTH
from fer_ros.node.life.executor import EnduringExecutor
from fer_ros.perception.quoting import shortened

# The exit status when the arguments, a parameter, the model or the source keep a node from
# starting. Starting it again would fail again.
CONFIGURATION_ERROR = 2

# Errors of rclpy while a node is made, caused by a parameter or a name of the user.
NODE_REFUSALS: tuple[type[Exception], ...] = (ParameterException, NameValidationException)

# How long to wait after an error of the executor itself, which may come again at once [s].
ERROR_PAUSE = 0.01

# How long a node may spin on after a signal [s].
WAKE_PERIOD = 0.5

# How long taking a node apart and ending Python may last before the process ends without it [s].
PARTING_PATIENCE = 30.0

# The file descriptor of standard error, whatever stands for it in Python.
STDERR = 2


def spin(executor: Executor) -> None:
    """
    Spin until the context ends, whatever error a callback raises.

    An executor also raises if another thread destroys an entity that it waits for (rclpy#1142).
    Spinning then starts again with the remaining entities.

    :param executor: with the nodes.
    """
    errors = ErrorLog()
    while True:
        try:
            executor.spin()
        except ExternalShutdownException:
            raise
        except InvalidHandle:
            continue
        except Exception as error:
            if executor.context.ok():
                nodes = executor.get_nodes()
                logger = nodes[0].get_logger() if nodes else get_logger('fer_ros')
                errors.report(logger, 'a callback', error)
                time.sleep(ERROR_PAUSE)
            continue
        return


def run_node(
    make_node: Callable[[], Node],
    args: Sequence[str] | None,
    refusals: tuple[type[Exception], ...],
) -> int:
    """
    Run a node until somebody stops it.

    :param make_node: makes the node. Its method `start_itself`, if it has one, then loads what it
        needs, and its method `stop` ends work of its own.
    :param args: of the command line; None takes the process's own.
    :param refusals: errors of both that a wrong configuration causes. Each is logged in one
        sentence, without a traceback.
    :return: the exit status: 0 after INT or TERM, CONFIGURATION_ERROR if the node could not start.
        The process must end then; otherwise it is ended with status 1 after PARTING_PATIENCE.
    """
    # rclpy's handlers, which come on top of these, end the context and so the spinning. An
    # exception in the middle of anything, Python's own answer to INT, would leave half of it done.
    signalled = Event()
    signal.signal(signal.SIGINT, lambda *_: signalled.set())
    signal.signal(signal.SIGTERM, lambda *_: signalled.set())
    refused: tuple[type[Exception], ...] = (ArgumentError, *NODE_REFUSALS, *refusals)
    node = None
    started = False
    try:
        start_ros(args)
        started = True
        if signalled.is_set():
            # It came before rclpy's handlers.
            rclpy.try_shutdown()
        with StartWatch() as watch:
            node = watch.node = make_node()
            if hasattr(node, 'start_itself'):
                node.start_itself()
        if not rclpy.ok():
            raise ExternalShutdownException
        # A thread for the images, one for parameters and timers: neither waits for the other.
        executor = EnduringExecutor(num_threads=2)
        executor.add_node(node)
        # rclpy wakes the executor a moment before it ends the context; without something that
        # wakes it again, it may be asleep by then, for ever.
        node.create_timer(WAKE_PERIOD, lambda: None, clock=Clock(clock_type=ClockType.STEADY_TIME))
        spin(executor)
    except ExternalShutdownException:
        pass
    except refused as error:
        # A model whose trial was given up because of a signal is refused too.
        if rclpy.ok() or not started:
            return _refuse(error)
    except Exception as error:
        # Whatever needs a context fails where it just is when a signal ends the context.
        if rclpy.ok():
            refusal = security_refusal(error)
            if refusal is None:
                raise
            return _refuse(refusal)
    finally:
        if node is not None:
            # The image in work may hang. Fast DDS can wait for its own thread for ever when the
            # node is destroyed, and no Python would run any more. A node that hangs must end, so
            # that it can be started anew.
            faulthandler.dump_traceback_later(PARTING_PATIENCE, exit=True, file=STDERR)
            if hasattr(node, 'stop'):
                node.stop()
            node.destroy_node()
        rclpy.try_shutdown()
        uninstall_signal_handlers()
        # From here on Python would let signals end the process with a status of their own.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return 0


def _refuse(error: Exception) -> int:
    """Log why a node cannot start; return the exit status."""
    get_logger('fer_ros').fatal(shortened(error, REASON_LENGTH))
    return CONFIGURATION_ERROR
