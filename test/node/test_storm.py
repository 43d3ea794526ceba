"""Test that the node rejects hostile input from a seeded generator, and continues to work."""

import os
from pathlib import Path
import threading

import numpy as np
from rcl_interfaces.srv import SetParameters

from benchmark.behaviour.hostile_files import malformed_card
from benchmark.behaviour.hostile_messages import default_parameters
from benchmark.behaviour.hostile_messages import hostile_parameters
from benchmark.behaviour.hostile_messages import malformed_compressed
from benchmark.behaviour.hostile_messages import malformed_image
from benchmark.rig.usage import resident_memory
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import DEFAULT_MODEL
from stand_ins import picture
from stand_ins import send

IMAGES = 300
REQUESTS = 200
CARDS = 300
# Additional memory allowed for allocators and caches [bytes].
SLACK = 40 * 2**20
# Maximum length of a rejection reason [characters].
LONGEST_REASON = 600


def test_the_node_answers_after_a_storm_of_images(node, camera, emotions):
    random = np.random.default_rng(17)
    send(camera, emotions, node, picture(seconds=1))
    before = resident_memory(os.getpid())

    for number in range(IMAGES):
        # One in 20 images may have the maximum size of an image.
        compressed = malformed_compressed(random, large=number % 20 == 0)
        message = compressed if number % 2 == 0 else malformed_image(random)
        node._processor.process(message)
    statistics = node.statistics

    assert statistics.lost == 0, statistics.last_error
    assert statistics.refused > IMAGES / 2
    assert len(statistics.last_error) < LONGEST_REASON
    assert statistics.last_error.isprintable()
    send(camera, emotions, node, picture(seconds=7))
    assert resident_memory(os.getpid()) - before < SLACK


class Setter:
    """Sets parameters through the service of the node."""

    def __init__(self, graph):
        self._client = graph.listener('setter').create_client(
            SetParameters, '/emotion/set_parameters'
        )
        assert self._client.wait_for_service(60)

    def set(self, parameters):
        """Send a request, and return its results."""
        answered = threading.Event()
        future = self._client.call_async(SetParameters.Request(parameters=parameters))
        future.add_done_callback(lambda _: answered.set())
        assert answered.wait(60)
        return future.result().results


def test_the_node_answers_after_a_storm_of_parameters(graph, node, camera, emotions):
    random = np.random.default_rng(18)
    setter = Setter(graph)
    refused = 0

    for _ in range(REQUESTS):
        parameters = hostile_parameters(random)
        results = setter.set(parameters)
        assert len(results) == len(parameters)
        refused += sum(not result.successful for result in results)
        assert all(result.successful or result.reason for result in results)

    assert refused > REQUESTS
    assert all(result.successful for result in setter.set(default_parameters()))
    send(camera, emotions, node, picture(seconds=7))


def test_a_storm_of_cards_ends_in_cards_or_refusals(tmp_path):
    random = np.random.default_rng(19)
    text = (Path(find_bundle(DEFAULT_MODEL)) / CARD_NAME).read_text(encoding='utf-8')
    # The training history is removed, because it takes most of the time to read a card.
    text = text.split('\ntraining:')[0]
    loaded = refused = 0

    for _ in range(CARDS):
        (tmp_path / CARD_NAME).write_bytes(malformed_card(random, text))
        try:
            load_card(tmp_path)
            loaded += 1
        except BundleError:
            refused += 1

    assert loaded + refused == CARDS
    assert refused > CARDS / 3
