import cv2
import numpy as np
import pytest

from benchmark.behaviour.hostile_files import malformed_card
from benchmark.behaviour.hostile_files import malformed_file
from benchmark.behaviour.hostile_files import mutated
from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.settings import DEFAULT_MODEL

CARD = (find_bundle(DEFAULT_MODEL) / CARD_NAME).read_text(encoding='utf-8').split('\ntraining')[0]


def drawn(draw, count=200, seed=5):
    random = np.random.default_rng(seed)
    return [draw(random) for _ in range(count)]


@pytest.mark.parametrize(
    'draw',
    [
        lambda random: malformed_file(random, large=False),
        lambda random: malformed_card(random, CARD),
        lambda random: mutated(random, bytes(1000)),
    ],
)
def test_a_seed_repeats_the_storm(draw):
    assert drawn(draw, 40) == drawn(draw, 40)
    assert drawn(draw, 40) != drawn(draw, 40, seed=6)


def test_malformed_files_begin_like_images_of_all_formats_and_like_none():
    files = drawn(lambda random: malformed_file(random, large=False), 600)
    starts = {file[:3] for file in files}

    assert {b'\xff\xd8\xff', b'\x89PN', b'RIF', b'', b'BM6'} <= starts


def test_some_damaged_files_can_be_decoded_and_some_cannot():
    image = cv2.imencode('.jpg', np.full((40, 40, 3), 200, np.uint8))[1].tobytes()
    files = drawn(lambda random: np.frombuffer(mutated(random, image, start=20), np.uint8))
    decoded = sum(cv2.imdecode(file, cv2.IMREAD_COLOR) is not None for file in files)

    assert 20 < decoded < 180


def test_no_damaged_card_is_the_card():
    cards = drawn(lambda random: malformed_card(random, CARD))

    assert sum(card == CARD.encode() for card in cards) < 10
    assert any(b'&a1' in card for card in cards)
