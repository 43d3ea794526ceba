"""Subscribers of a camera node, and the content of its images."""

import numpy as np
from sensor_msgs.msg import Image

from graph import Inbox


def listen(graph, message_type=Image, topic='image', profile=10):
    inbox = Inbox()
    graph.listener().create_subscription(message_type, topic, inbox, profile)
    return inbox


def pixels(message):
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def levels_of(messages):
    return [round(float(pixels(message).mean())) for message in messages]
