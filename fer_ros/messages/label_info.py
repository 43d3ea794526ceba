"""From labels to `LabelInfo`: `/emotion/label_info`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fer_ros.messages.types import MessageTypes


def to_label_info(
    types: MessageTypes, header: Any, labels: Sequence[str], min_confidence: float
) -> Any:
    """
    Tell which labels there are.

    :param types: of the messages.
    :param header: with the time from which on they hold.
    :param labels: in the model's order.
    :param min_confidence: below it a face is uncertain.
    :return: a LabelInfo.
    """
    message = types['vision_msgs/msg/LabelInfo']()
    message.header = header
    classes = []
    for index, name in enumerate(labels):
        one = types['vision_msgs/msg/VisionClass']()
        one.class_id, one.class_name = index, name
        classes.append(one)
    message.class_map = classes
    message.threshold = float(min_confidence)
    return message
