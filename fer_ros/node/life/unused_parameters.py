"""Log a warning about parameters and parameter files that have no effect on a node."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
import re
import sys
from typing import TYPE_CHECKING

from rclpy.node import Node

from fer_ros.node.life.parameters import CheckedParameters
from fer_ros.perception.parameter_files import applies_to
from fer_ros.perception.parameter_files import sections
from fer_ros.perception.parameter_values import closest
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Parameters that only some distributions of rclpy declare, or that rclpy declares only for a
# publisher.
OF_RCLPY = re.compile(r'qos_overrides\..*|use_sim_time|start_type_description_service', re.DOTALL)

# The warning lists at most this many parameters or sections.
MOST_NAMED = 5


def warn_of_unused(
    node: CheckedParameters,
    args: Sequence[str] | None,
    others: Mapping[str, type[DataclassInstance]],
) -> None:
    """
    Log one warning about unknown parameters and about files without a section for the node.

    Several nodes often share one file.
    A parameter or section of another node of this package therefore causes no warning.

    :param node: node whose parameters are declared.
    :param args: command-line arguments; None for those of the process.
    :param others: names of the package's other nodes, with the dataclasses of their settings.
    """
    elsewhere = {name for kind in others.values() for name in kind.__dataclass_fields__}
    found = [*_unknown_parameters(node, elsewhere)]
    for path in parameter_files(sys.argv if args is None else args):
        found += _missing_section(path, node, list(others))
    if found:
        node.get_logger().warning(f'settings without effect: {"; ".join(found)}')


def parameter_files(args: Sequence[str]) -> list[Path]:
    """
    Return the parameter files on a command line.

    :param args: command-line arguments; those for ROS are between --ros-args and --.
    :return: paths in their order.
    """
    files, of_ros = [], False
    for flag, value in pairwise([*args, '']):
        if flag == '--ros-args':
            of_ros = True
        elif flag == '--':
            of_ros = False
        elif of_ros and flag == '--params-file' and value:
            files.append(Path(value))
    return files


def _unknown_parameters(node: CheckedParameters, elsewhere: set[str]) -> Iterator[str]:
    """Describe the given parameters that no node declares, each with the closest known name."""
    # rclpy has no public list of the given parameters.
    given = sorted(getattr(node, '_parameter_overrides', {}))
    unknown = [
        name
        for name in given
        if not node.has_parameter(name) and name not in elsewhere and not OF_RCLPY.fullmatch(name)
    ]
    # Suggest only settings of the node, not use_sim_time and other parameters of rclpy.
    known = node.SETTINGS.__dataclass_fields__
    if unknown:
        named = ', '.join(f'{quoted(one)}{closest(one, known)}' for one in unknown[:MOST_NAMED])
        rest = len(unknown) - MOST_NAMED
        yield f'unknown parameter {named}' + (f' and {rest} more' if rest > 0 else '')


def _missing_section(path: Path, node: Node, others: Sequence[str]) -> list[str]:
    """Describe a file without a section for the node; empty if it has one or is unreadable."""
    try:
        found = sections(path)
    except ValueError as error:
        node.get_logger().debug(f'parameter file not checked: {shortened(error)}')
        return []
    namespace = node.get_namespace().rstrip('/')
    names = [node.get_fully_qualified_name(), *(f'{namespace}/{one}' for one in others)]
    if any(applies_to(section, name) for section in found for name in names):
        return []
    others_named = ', '.join(quoted(one) for one in found[:MOST_NAMED])
    has = f', only for {others_named}' if found else ''
    return [
        f'{quoted(str(path))} has no section for {names[0]}{has}: rename the section to '
        f'{names[0]} or /**'
    ]
