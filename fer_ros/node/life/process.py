"""Start and end an executable of this package."""

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

# Exit status if an argument, a parameter, the model or the source prevents the start of a node. A
# restart would fail again.
CONFIGURATION_ERROR = 2

# Errors that rclpy raises during the creation of a node, caused by a parameter or name of the
# user.
NODE_REFUSALS: tuple[type[Exception], ...] = (ParameterException, NameValidationException)

# Pause after an error of the executor itself, which may occur again immediately [s].
ERROR_PAUSE = 0.01

# Time that a node may continue to spin after a signal [s].
WAKE_PERIOD = 0.5

# Time limit for destroying a node and ending Python, after which the process is ended [s].
PARTING_PATIENCE = 30.0

# File descriptor of standard error, even if sys.stderr was replaced.
STDERR = 2


def spin(executor: Executor) -> None:
    """
    Spin until the context is shut down, whatever errors the callbacks raise.

    An executor also raises an error if another thread destroys an entity that it waits for
    (rclpy#1142).
    Spinning then starts again with the remaining entities.

    :param executor: executor with its nodes.
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
    Run a node until a signal stops it.

    :param make_node: function that creates the node. If the node has a method `start_itself`, it
        is called to load the node's resources. If the node has a method `stop`, it is called to
        stop the node's work.
    :param args: command-line arguments, including the program's name; None for those of the
        process.
    :param refusals: errors of `make_node` and `start_itself` that a wrong configuration causes.
        Such an error is logged in one sentence, without a traceback.
    :return: exit status: 0 after SIGINT or SIGTERM, CONFIGURATION_ERROR if the node could not
        start. The caller must end the process then; a process that still runs after
        PARTING_PATIENCE is ended with status 1.
    """
    # rclpy adds its own handlers, which shut down the context and thereby end the spinning.
    # Python's default for SIGINT, an exception at an arbitrary point, could leave operations half
    # finished.
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
            # The signal arrived before rclpy installed its handlers.
            rclpy.try_shutdown()
        with StartWatch() as watch:
            node = watch.node = make_node()
            if hasattr(node, 'start_itself'):
                node.start_itself()
        if not rclpy.ok():
            raise ExternalShutdownException
        # One thread processes images, and the other handles parameters and timers.
        executor = EnduringExecutor(num_threads=2)
        executor.add_node(node)
        # rclpy wakes the executor just before it shuts down the context. The executor may then
        # sleep again for ever, so this timer wakes it periodically.
        node.create_timer(WAKE_PERIOD, lambda: None, clock=Clock(clock_type=ClockType.STEADY_TIME))
        spin(executor)
    except ExternalShutdownException:
        pass
    except refused as error:
        # A model whose trial was stopped by a signal raises one of these errors, too.
        if rclpy.ok() or not started:
            return _refuse(error)
    except Exception as error:
        # After a signal has shut down the context, any call that needs the context fails.
        if rclpy.ok():
            refusal = security_refusal(error)
            if refusal is None:
                raise
            return _refuse(refusal)
    finally:
        if node is not None:
            # The current image may hang. Fast DDS can also wait for its own thread for ever when
            # the node is destroyed, and no Python code would run any more. A node that hangs must
            # end, so that it can be restarted.
            faulthandler.dump_traceback_later(PARTING_PATIENCE, exit=True, file=STDERR)
            if hasattr(node, 'stop'):
                node.stop()
            node.destroy_node()
        rclpy.try_shutdown()
        uninstall_signal_handlers()
        # During the rest of the exit, Python would let a signal end the process with another exit
        # status.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return 0


def _refuse(error: Exception) -> int:
    """Log why a node cannot start, and return the exit status."""
    get_logger('fer_ros').fatal(shortened(error, REASON_LENGTH))
    return CONFIGURATION_ERROR
