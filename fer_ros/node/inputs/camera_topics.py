"""Find the topics of cameras in a ROS graph, without the images that this package publishes."""

from __future__ import annotations

from rclpy.node import Node

from fer_ros.messages.topic_names import IMAGE_TYPES
from fer_ros.messages.topic_names import LABELS
from fer_ros.messages.topic_names import select_cameras


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
    return select_cameras(
        {
            name: types
            for name, types in topics
            if not set(types).isdisjoint(IMAGE_TYPES) and _nodes(node, name) - labellers
        }
    )


def _nodes(node: Node, topic: str) -> set[tuple[str, str]]:
    """Return the (namespace, name) of each node that publishes a topic."""
    publishers = node.get_publishers_info_by_topic(topic)
    return {(one.node_namespace, one.node_name) for one in publishers}
