"""Run a command without ROS: `python -m fer_ros analyse INPUT...`."""

from __future__ import annotations

import sys

from fer_ros.offline import command

COMMANDS = {'analyse': command.main}


def main(args: list[str]) -> int:
    """
    Run a command.

    :param args: command-line arguments; the first one is the name of the command.
    :return: exit status of the command; 2 if there is no such command.
    """
    if not args or args[0] not in COMMANDS:
        print(f'usage: python -m fer_ros {"|".join(COMMANDS)} ...', file=sys.stderr)
        return 2
    return COMMANDS[args[0]](args[1:])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
