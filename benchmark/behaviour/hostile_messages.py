"""
Malformed images and hostile parameters, drawn by a seeded random generator.

Each function uses the generator to draw one message. The same seed gives the same sequence of
messages.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from rcl_interfaces.msg import Parameter
from rcl_interfaces.msg import ParameterValue
from rclpy.parameter import Parameter as RclpyParameter
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from benchmark.behaviour.hostile_files import malformed_file
from benchmark.behaviour.hostile_files import pick
from fer_ros.perception.images.encodings import ENCODINGS
from fer_ros.perception.registry import GPU_BACKENDS
from fer_ros.perception.settings import setting_fields

AnyImage = TypeVar('AnyImage', Image, CompressedImage)

# Strings that forge a log line, change the state of a terminal, or are far too long.
TEXTS = (
    '',
    ' ',
    '\x1b[2J\x1b[31m',
    'x\n[FATAL] [0.0] [emotion]: forged',
    'ünïcode \u202e\ufeff',
    '../../../etc/passwd',
    '/dev/zero',
    '~nobody/x',
    '%s%n{0}',
    'x' * 100_000,
)

SIDES = (0, 1, 2, 7, 16, 8192, 8193, 20_000, 2**31, 2**32 - 1)
NAMES = (*ENCODINGS, *TEXTS, '32FC1', '16UC1', 'BGR8', 'bgr8\n', 'nonsense', '8UC')
FORMATS = (
    *TEXTS,
    'jpeg',
    'png',
    'bgr8; jpeg compressed bgr8',
    '16UC1; png compressed',
    '16UC1; compressedDepth png',
)
# A message may declare a size that exceeds any memory. The data of such a message have at most
# this length [bytes].
MOST_DATA = 200_000

# If installed, the back ends for GPUs need a minute and hundreds of MiB to load.
CHOICES = [
    one
    for described in setting_fields()
    for one in described.metadata['choices']
    if isinstance(one, str)
]
# The strings include valid values of some parameters.
STRINGS = (*TEXTS, *(one for one in CHOICES if one not in GPU_BACKENDS))
NUMBERS = (0, 1, -1, 2**31 - 1, 2**31, -(2**63), 2**63 - 1)
DOUBLES = (0.0, -0.0, 1.0, -1.0, 1e308, 5e-324, float('nan'), float('inf'), -float('inf'))
# The types of ParameterValue, and numbers that are not a type.
TYPES = (*range(10), 10, 200, 255)


def malformed_image(random: np.random.Generator) -> Image:
    """Draw a raw image with partly consistent fields."""
    height, width = (pick(random, SIDES) for _ in range(2))
    if random.random() < 0.5:
        height, width = (int(side) for side in random.integers(1, 40, 2))
    encoding = pick(random, NAMES)
    found = ENCODINGS.get(encoding)
    row = width * (found.pixel_bytes if found else 1)
    step = min(pick(random, (row, row, row + 3, 0, 1, 2**32 - 1)), 2**32 - 1)
    whole = step * int(height * found.planes) if found else step * height
    size = pick(random, (whole, step * height * 3 // 2, step * height, whole - 1, 1, 0))
    message = Image(height=height, width=width, encoding=encoding, step=step)
    message.is_bigendian = int(random.integers(0, 256))
    message.data.frombytes(random.bytes(max(0, min(size, MOST_DATA))))
    return _stamped(random, message)


def malformed_compressed(random: np.random.Generator, large: bool = True) -> CompressedImage:
    """Draw a compressed image; see `malformed_file`."""
    message = CompressedImage(format=pick(random, FORMATS))
    message.data.frombytes(malformed_file(random, large))
    return _stamped(random, message)


def _stamped(random: np.random.Generator, message: AnyImage) -> AnyImage:
    """Set a random timestamp and a random frame id."""
    message.header.stamp.sec = int(random.integers(-(2**31), 2**31))
    message.header.stamp.nanosec = int(random.integers(0, 2**32))
    message.header.frame_id = pick(random, (*TEXTS, 'camera', '/' * 50))
    return message


def hostile_parameters(random: np.random.Generator) -> list[Parameter]:
    """
    Draw the parameters of a request: known and unknown names, with any type and value.

    :param random: random generator.
    """
    names = (*(described.name for described in setting_fields()), 'use_sim_time', *TEXTS)
    count = pick(random, (0, 1, 1, 1, 2, 20))
    return [
        Parameter(name=pick(random, names), value=_hostile_value(random)) for _ in range(count)
    ]


def _hostile_value(random: np.random.Generator) -> ParameterValue:
    """Draw a value of any type."""
    length = pick(random, (0, 1, 2, 1000))
    return ParameterValue(
        type=pick(random, TYPES),
        bool_value=bool(random.integers(2)),
        integer_value=pick(random, NUMBERS),
        double_value=pick(random, DOUBLES),
        string_value=pick(random, STRINGS),
        byte_array_value=[bytes([int(random.integers(256))])] * length,
        bool_array_value=[True] * length,
        integer_array_value=[pick(random, NUMBERS)] * length,
        double_array_value=[pick(random, DOUBLES)] * length,
        string_array_value=[pick(random, TEXTS[:-1])] * length,
    )


def default_parameters(**chosen: object) -> list[Parameter]:
    """
    Return all parameters that can be set at runtime, with their default values.

    :param chosen: values that replace the defaults.
    """
    defaults = {
        described.name: described.default
        for described in setting_fields()
        if described.metadata['live']
    }
    return [
        RclpyParameter(
            name, value=list(value) or [''] if isinstance(value, tuple) else value
        ).to_parameter_msg()
        for name, value in {**defaults, 'use_sim_time': False, **chosen}.items()
    ]
