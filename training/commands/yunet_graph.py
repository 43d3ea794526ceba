"""Write the graph by which the node runs YuNet on LiteRT: `python -m training yunet_graph`."""

from __future__ import annotations

import argparse

from training.bundles.yunet_graph import write_graph


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `yunet_graph`: it has none."""


def run(arguments: argparse.Namespace) -> int:
    """Carry out `yunet_graph`."""
    path = write_graph()
    print(f'{path}: {path.stat().st_size} bytes')
    return 0
