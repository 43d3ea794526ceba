"""Small bags with the images, the depth images and the calibrations of a camera."""

from pathlib import Path

import cv2
from mcap.writer import CompressionType
from mcap.writer import Writer as McapWriter
import numpy as np
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat
from rosbags.rosbag2 import CompressionMode
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Ros2Writer
from rosbags.typesys import get_typestore
from rosbags.typesys import Stores
import zstandard

IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
INFO, TEXT = 'sensor_msgs/msg/CameraInfo', 'std_msgs/msg/String'
# The first timestamp [ns], and the time between two images [ns].
START, PERIOD = 1_700_000_000 * 10**9, 50_000_000

ROS2 = get_typestore(Stores.ROS2_JAZZY)
ROS1 = get_typestore(Stores.ROS1_NOETIC)


def header(stamp, frame_id='camera', store=ROS2):
    time = store.types['builtin_interfaces/msg/Time'](stamp // 10**9, stamp % 10**9)
    kind = store.types['std_msgs/msg/Header']
    return kind(time, frame_id) if store is ROS2 else kind(0, time, frame_id)


def image(pixels, stamp, encoding='bgr8', store=ROS2, **values):
    """Make a raw image of an array."""
    pixels = np.ascontiguousarray(pixels)
    given = {
        'header': header(stamp, store=store),
        'height': pixels.shape[0],
        'width': pixels.shape[1],
        'encoding': encoding,
        'is_bigendian': 0,
        'step': pixels.strides[0],
        'data': pixels.view(np.uint8).ravel(),
        **values,
    }
    return store.types[IMAGE](**given)


def jpeg(pixels, stamp, store=ROS2):
    _, data = cv2.imencode('.png', pixels)
    return store.types[COMPRESSED](header(stamp, store=store), 'bgr8; png compressed', data)


def camera_info(stamp, size, store=ROS2):
    region = store.types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    matrix = np.array([600, 0, size[1] / 2, 0, 600, size[0] / 2, 0, 0, 1], np.float64)
    names = ('d', 'k', 'r', 'p') if store is ROS2 else ('D', 'K', 'R', 'P')
    arrays = (np.zeros(5), matrix, np.eye(3).ravel(), np.zeros(12))
    return store.types[INFO](
        header=header(stamp, store=store),
        height=size[0],
        width=size[1],
        distortion_model='plumb_bob',
        binning_x=0,
        binning_y=0,
        roi=region,
        **dict(zip(names, arrays, strict=True)),
    )


def depth_image(stamp, size, metres=1.5, store=ROS2):
    return image(np.full(size, 1000 * metres, np.uint16), stamp, '16UC1', store)


def colours(count=8, size=(20, 30)):
    """Make images of different colours."""
    return [np.full((*size, 3), (20 * n, 250 - 20 * n, 90), np.uint8) for n in range(count)]


def messages_of(pictures, topic='/image', compressed=False, depth=False, store=ROS2):
    """List (topic, type, time, message) of a camera."""
    found = []
    for number, pixels in enumerate(pictures):
        stamp = START + number * PERIOD
        if depth:
            size = pixels.shape[:2]
            found.append(('/camera_info', INFO, stamp, camera_info(stamp, size, store)))
            found.append(('/depth', IMAGE, stamp, depth_image(stamp, size, store=store)))
        make, kind = (jpeg, COMPRESSED) if compressed else (image, IMAGE)
        found.append((topic, kind, stamp + 1000, make(pixels, stamp, store=store)))
    return found


def views(photo, count, first=0):
    """Cut views of 320x240 pixels from the photograph of the astronaut, which move down."""
    return [photo[slice(n, n + 240), 100:420] for n in range(first, first + count)]


def text(words, time=START, topic='/chatter'):
    return topic, TEXT, time, ROS2.types[TEXT](words)


def write_mcap(path, messages, compression=CompressionType.ZSTD, chunk_size=4000, **options):
    """Write an MCAP file, with few messages in a chunk."""
    with Path(path).open('wb') as stream:
        writer = McapWriter(stream, chunk_size=chunk_size, compression=compression, **options)
        writer.start('ros2')
        schemas, channels = {}, {}
        for topic, kind, time, message in messages:
            if kind not in schemas:
                definition = ROS2.generate_msgdef(kind, ros_version=2)[0].encode()
                schemas[kind] = writer.register_schema(kind, 'ros2msg', definition)
            if topic not in channels:
                channels[topic] = writer.register_channel(topic, 'cdr', schemas[kind])
            data = bytes(ROS2.serialize_cdr(message, kind))
            writer.add_message(channels[topic], time, data, time)
        writer.finish()
    return Path(path)


def write_ros2(path, messages, storage='sqlite3', compression=None):
    """Write a bag of ROS 2; its compression is None, 'message' or 'file'."""
    plugin = {'sqlite3': StoragePlugin.SQLITE3, 'mcap': StoragePlugin.MCAP}[storage]
    writer = Ros2Writer(path, version=9, storage_plugin=plugin)
    if compression:
        writer.set_compression(CompressionMode[compression.upper()], CompressionFormat.ZSTD)
    with writer:
        connections = {}
        for topic, kind, time, message in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=ROS2)
            writer.write(connections[topic], time, ROS2.serialize_cdr(message, kind))
    return Path(path)


def write_ros1(path, messages, compression=None):
    """Write a bag of ROS 1; its compression is None, 'BZ2' or 'LZ4'."""
    writer = Ros1Writer(path)
    writer.chunk_threshold = 4000
    if compression:
        writer.set_compression(Ros1Writer.CompressionFormat[compression])
    with writer:
        connections = {}
        for topic, kind, time, message in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=ROS1)
            writer.write(connections[topic], time, ROS1.serialize_ros1(message, kind))
    return Path(path)


def compress(path):
    """Replace a file by one that is compressed by zstd."""
    path = Path(path)
    made = path.with_name(path.name + '.zstd')
    made.write_bytes(zstandard.compress(path.read_bytes()))
    path.unlink()
    return made
