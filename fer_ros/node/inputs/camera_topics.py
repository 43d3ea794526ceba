"""Find the topics of cameras in a ROS graph, without the images that this package publishes."""

from __future__ import annotations

from rclpy.node import Node

RAW, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
IMAGE_TYPES = (RAW, COMPRESSED)

# image_transport appends this suffix to the name of the raw topic.
SUFFIX = '/compressed'

# This topic of image_transport carries depth images in messages of the type COMPRESSED.
DEPTH_SUFFIX = '/compressedDepth'

# A node that publishes labels is an emotion node. Its images are annotated images or face crops.
LABELS = 'vision_msgs/msg/LabelInfo'


def camera_topics(node: Node) -> list[str]:
    """
    Find the topics on which cameras publish images, for a remapping of `image`.

    The topics of image_transport beside a raw topic are excluded.
    The images of emotion nodes are excluded, whatever their names and namespaces.

    :param node: a node in the graph.
    :return: full names of the topics, sorted.
    """
    topics = node.get_topic_names_and_types()
    labellers = {
        publisher for name, types in topics if LABELS in types for publisher in _nodes(node, name)
    }
    found = {
        kind: {name for name, types in topics if kind in types and _nodes(node, name) - labellers}
        for kind in IMAGE_TYPES
    }
    compressed = {
        name
        for name in found[COMPRESSED]
        if not name.endswith(DEPTH_SUFFIX) and name.rpartition('/')[0] not in found[RAW]
    }
    return sorted(found[RAW] | compressed)


def _nodes(node: Node, topic: str) -> set[tuple[str, str]]:
    """Return the (namespace, name) of each node that publishes a topic."""
    publishers = node.get_publishers_info_by_topic(topic)
    return {(one.node_namespace, one.node_name) for one in publishers}
