"""Find the topics of cameras in a ROS graph, without the images that this package publishes."""

from __future__ import annotations

from rclpy.node import Node

RAW, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
IMAGE_TYPES = (RAW, COMPRESSED)

# A node that publishes labels is an emotion node. Its images are annotated images or face crops.
LABELS = 'vision_msgs/msg/LabelInfo'


def camera_topics(node: Node) -> list[str]:
    """
    Find the topics on which cameras publish raw images.

    The images of emotion nodes are excluded, whatever their names and namespaces.

    :param node: a node in the graph.
    :return: full names of the topics, sorted.
    """
    topics = node.get_topic_names_and_types()
    labellers = {
        publisher for name, types in topics if LABELS in types for publisher in _nodes(node, name)
    }
    return sorted(
        name for name, types in topics if RAW in types and _nodes(node, name) - labellers
    )


def _nodes(node: Node, topic: str) -> set[tuple[str, str]]:
    """Return the (namespace, name) of each node that publishes a topic."""
    publishers = node.get_publishers_info_by_topic(topic)
    return {(one.node_namespace, one.node_name) for one in publishers}
