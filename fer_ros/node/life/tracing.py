"""Start a process even if shared memory is too full for the tracer of ROS 2."""

from __future__ import annotations

import ctypes
import os

from fer_ros.node.life.shared_memory import free_memory

# Shared memory that LTTng, the tracing library of ROS 2, needs to start: two pages, with a margin
# [bytes].
TRACER_MEMORY = 64 << 10

# The library that loads LTTng into each process that uses rclpy.
TRACER = 'libtracetools.so'

# Environment variable for the time that LTTng waits for its threads at the start [ms].
TIMEOUT_VARIABLE = 'LTTNG_UST_REGISTER_TIMEOUT'

# A stack size for which no thread can be created [bytes].
IMPOSSIBLE_STACK = 1 << 46

# Upper limit of the size of a pthread_attr_t on the platforms of ROS 2 [bytes].
ATTRIBUTES_SIZE = 64


def survive_full_shared_memory() -> None:
    """
    Load LTTng without its threads if shared memory is full.

    Call this function before importing rclpy.
    The threads of LTTng read a page of /dev/shm.
    If there is no room for that page, the kernel ends the process by SIGBUS.
    The threads block this signal, so a handler cannot prevent the end.
    Without its threads, LTTng cannot trace this process.
    There are no other effects.
    """
    if free_memory() >= TRACER_MEMORY:
        return
    try:
        _load_without_threads()
    except (OSError, AttributeError):  # no tracer, or a C library without these functions
        return


def _load_without_threads() -> None:
    """
    Load the tracer while no thread can be created.

    :raises OSError: if there is no tracer.
    :raises AttributeError: if the C library is not glibc.
    """
    libc = ctypes.CDLL(None)
    usual = ctypes.create_string_buffer(ATTRIBUTES_SIZE)
    impossible = ctypes.create_string_buffer(ATTRIBUTES_SIZE)
    libc.pthread_getattr_default_np(usual)
    libc.pthread_getattr_default_np(impossible)
    libc.pthread_attr_setstacksize(impossible, ctypes.c_size_t(IMPOSSIBLE_STACK))
    timeout = os.environ.get(TIMEOUT_VARIABLE)
    os.environ[TIMEOUT_VARIABLE] = '0'
    libc.pthread_setattr_default_np(impossible)
    try:
        ctypes.CDLL(TRACER)
    finally:
        libc.pthread_setattr_default_np(usual)
        if timeout is None:
            del os.environ[TIMEOUT_VARIABLE]
        else:
            os.environ[TIMEOUT_VARIABLE] = timeout
    # At the end of the process, LTTng stops its threads, and crashes if there are none. The two
    # functions below therefore end the process earlier, with its own exit status. Functions
    # registered with on_exit run in reverse order.
    libc.on_exit(libc._exit, None)
    libc.on_exit(libc.fcloseall, None)
