"""Write the graph that runs YuNet on LiteRT in the node: `python -m training yunet_graph`."""

from __future__ import annotations

import argparse

from training.bundles.yunet_graph import write_graph


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments, because `yunet_graph` has none."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command `yunet_graph`."""
    path = write_graph()
    print(f'{path}: {path.stat().st_size} bytes')
    return 0
