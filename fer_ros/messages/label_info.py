"""Convert labels to `LabelInfo`, for `/emotion/label_info`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fer_ros.messages.types import MessageTypes


def to_label_info(
    types: MessageTypes, header: Any, labels: Sequence[str], min_confidence: float
) -> Any:
    """
    Convert the labels of the model to a message.

    :param types: message classes.
    :param header: header, with the time from which the labels are valid.
    :param labels: names of the labels, in the order of the model.
    :param min_confidence: probability below which a face is uncertain, 0 to 1.
    :return: LabelInfo.
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
