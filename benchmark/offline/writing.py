"""Write recordings that repeat some images."""

from __future__ import annotations

from itertools import cycle
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmark.rig.scenes import SMALL
from fer_ros.offline.outputs.message_types import message_store

# Frame period of the recordings [s].
PERIOD = 1 / 30


def write_video(path: Path, images: list[np.ndarray], frames: int) -> Path:
    """Write a video that repeats the images."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 1 / PERIOD, SMALL)
    for image in islice(cycle(images), frames):
        writer.write(image)
    writer.release()
    return path


def write_bag(path: Path, images: list[np.ndarray], frames: int) -> Path:
    """Write an MCAP file with raw images, compressed like the recordings of rosbag2."""
    from mcap.writer import CompressionType
    from mcap.writer import Writer

    store = message_store()
    kind = 'sensor_msgs/msg/Image'
    image, header = store.types[kind], store.types['std_msgs/msg/Header']
    stamp_of = store.types['builtin_interfaces/msg/Time']
    with path.open('wb') as stream:
        writer = Writer(stream, compression=CompressionType.ZSTD)
        writer.start('ros2')
        definition = store.generate_msgdef(kind, ros_version=2)[0].encode()
        schema = writer.register_schema(kind, 'ros2msg', definition)
        channel = writer.register_channel('/image', 'cdr', schema)
        for number, pixels in enumerate(islice(cycle(images), frames)):
            stamp = round(number * PERIOD * 1e9)
            about = header(stamp_of(*divmod(stamp, 10**9)), 'camera')
            height, width = pixels.shape[:2]
            message = image(about, height, width, 'bgr8', 0, 3 * width, pixels.ravel())
            data = bytes(store.serialize_cdr(message, kind))
            writer.add_message(channel, stamp, data, stamp)
        writer.finish()
    return path
