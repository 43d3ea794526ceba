"""Load a launch file and list its nodes, or run it together with a subscriber."""

import importlib.util
from itertools import pairwise
import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import threading

from launch.launch_context import LaunchContext
from launch.substitutions import LocalSubstitution
from launch_ros.actions import Node
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor

LAUNCH_FILES = Path(__file__).resolve().parents[2] / 'launch'
PATIENCE = 120.0
# The same as `ros2 launch`, without ros2cli.
PROGRAM = """
import sys
from launch import LaunchDescription
from launch import LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

arguments = [tuple(word.split(':=', 1)) for word in sys.argv[2:]]
service = LaunchService(argv=sys.argv[2:])
service.include_launch_description(LaunchDescription([IncludeLaunchDescription(
    PythonLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments)]))
sys.exit(service.run())
"""


def load_launch_file(name):
    spec = importlib.util.spec_from_file_location('a_launch_file', LAUNCH_FILES / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def describe(name):
    """Return the entities of a launch file's description."""
    return load_launch_file(name).generate_launch_description().entities


def nodes(name, **arguments):
    """Return the nodes that a launch file would start."""
    context = LaunchContext()
    found = []
    waiting = list(describe(name))
    context.launch_configurations.update(arguments)
    while waiting:
        entity = waiting.pop(0)
        if isinstance(entity, Node):
            entity._perform_substitutions(context)
            found.append(entity)
        elif (made := entity.visit(context)) is not None:
            waiting = [*made, *waiting]
    return found


def words_of(node):
    """Return the command line of a node, without the words that launch_ros adds at the end."""
    context = LaunchContext()
    return [
        ''.join(part.perform(context) for part in word)
        for word in node.cmd
        if not any(isinstance(part, LocalSubstitution) for part in word)
    ]


def parameter_files(node):
    """Return the parameter files of a node, in the order of the command line."""
    return [Path(after) for word, after in pairwise(words_of(node)) if word == '--params-file']


class Launched:
    """A running launch file, and a node that subscribes."""

    def __init__(self, name, domain_id, folder, **arguments):
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = rclpy.create_node('behaviour', context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()
        self._log = folder / 'launch.log'
        words = [f'{name}:={value}' for name, value in arguments.items()]
        with self._log.open('w') as log:
            self.process = subprocess.Popen(
                [sys.executable, '-c', PROGRAM, str(LAUNCH_FILES / name), *words],
                env={
                    **os.environ,
                    'ROS_DOMAIN_ID': str(domain_id),
                    'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
                    'ROS_LOG_DIR': str(folder),
                },
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self):
        return self._log.read_text()

    def process_ids(self, executable):
        """Return the ids of all processes of a node that were started so far."""
        pattern = rf'\[{executable}-\d+\]: process started with pid \[(\d+)\]'
        return [int(number) for number in re.findall(pattern, self.log)]

    def wait_until(self, condition):
        pause = threading.Event()
        for _ in range(int(PATIENCE / 0.05)):
            if condition():
                return
            assert self.process.poll() is None, self.log
            pause.wait(0.05)
        raise AssertionError(f'waited in vain; the launch file said:\n{self.log}')

    def stop(self):
        """Stop the launch file like Ctrl-C does, and return its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def close(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self._executor.shutdown()
            self._thread.join(PATIENCE)
            self.node.destroy_node()
            self.context.try_shutdown()
