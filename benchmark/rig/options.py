"""Options that several commands have."""

from __future__ import annotations

import argparse

from fer_ros.perception.settings import Settings


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that selects the model."""
    parser.add_argument(
        '--model',
        default=Settings().model,
        help='name or path of the model (default: %(default)s)',
    )


def add_backend_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that selects the back end."""
    parser.add_argument(
        '--backend', default=Settings().backend, help='back end (default: %(default)s)'
    )


def add_frames_option(parser: argparse.ArgumentParser, default: int) -> None:
    """Add the option for the number of frames, with its default."""
    parser.add_argument(
        '--frames',
        type=int,
        default=default,
        help='number of frames for each measurement (default: %(default)s)',
    )


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for the folder of FER2013."""
    parser.add_argument('--data', help='folder of FER2013 (default: FER_ROS_DATA)')


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for machine-readable output."""
    parser.add_argument('--json', action='store_true', help='print the figures as JSON')
